"""What the pages of the console take with a hundred thousand journeys in the read model."""
