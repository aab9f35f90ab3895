"""What a connection actor does that takes more than one message: one file each.

An operation is a generator. It yields a `Call` and is sent the `Answer`, or a `Pause` and is sent
None; between the two the actor hears other messages. An actor has one operation under way at a time.
"""
