"""
Events in the words of other systems: of posts, ocean carriers and tracking services.

Each system publishes a list of codes. A table tells for every code what it means for a journey, or why it means nothing
there. `foreign` has the types of these tables, and the other modules one table each.
"""
