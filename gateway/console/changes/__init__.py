"""Changes of the network in words, of files that an administrator uploads; nothing of them is kept."""
