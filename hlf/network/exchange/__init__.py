"""
Organisations that run channels together, each from a folder with its own keys alone.

They exchange files: introductions and invitations (public material), proposals (an update of a channel's
configuration, with signatures), and definitions of chaincodes. No file holds a private key. What a channel
says counts; a file that does not fit it is refused.
"""
