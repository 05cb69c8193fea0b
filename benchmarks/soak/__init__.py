"""``make soak``: orders through their whole life for hours, to see that nothing grows, is lost or happens twice."""
