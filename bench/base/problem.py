"""What a user can mend: one line that says what is wrong, where, and what to do. The command ends with exit code 2."""


class Problem(Exception):
    """Bad input, or a machine that lacks something."""

    exit_code = 2
