"""A messy sample repository, made anew each time: see `demo.make_repository`.

`tree/` holds files as templates (one more messy file is one more template), `topics/` and `styles` write the bulk of
the tests, `history` tells what happened to them, `damage` is how files break.
"""
