"""What is done to each answer on its way out."""
