"""Reports: a run turned into something that people read.

`render` makes the page of `facts`: the `answer` on its first screen, the `matrix`, `sections` with `charts`, `timelines` and
the `excerpts` of the code that ran. `summary` says the same in short.
Nothing is imported here: drawing takes a second to import, and most commands draw nothing.
"""
