"""Web push (RFC 8030, 8188, 8291, 8292): whom it may go to, what is sent, how it is sealed and signed."""
