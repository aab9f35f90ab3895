"""What any deployment of Soulwire owes its clients, looked at from outside, by its public paths alone."""
