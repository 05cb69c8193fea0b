"""Acts of people: forms, what each would do, and the call that it makes."""
