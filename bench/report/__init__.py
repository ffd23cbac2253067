"""Reports: what people read of a run.

`render` makes the page from `facts`: the `answer` on the first screen, the `matrix`, then `sections` with `charts`,
`timelines` and excerpts of the code that ran. `summary` is the short form.
Nothing is imported here: the drawing library takes a second to import, and most commands draw nothing.
"""
