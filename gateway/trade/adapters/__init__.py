"""
Events in the words of other systems: of posts, ocean carriers and tracking services.

Each has a published list of codes. A table says for every code of the list what it means for a journey, or why it means
nothing there; `foreign` has the words of these tables, and the other modules one table each.
"""
