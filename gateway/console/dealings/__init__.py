"""What companies settle between themselves: hand-overs, claims for loss and damage, duty that comes back."""
