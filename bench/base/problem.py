"""What a user can mend: one line that says what, where and what to do. It ends the command with exit code 2."""


class Problem(Exception):
    """Bad input, or a machine that lacks something."""

    exit_code = 2
