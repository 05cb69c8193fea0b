"""What is left after processes were killed under load: nothing that was told may be lost, nothing may happen twice."""
