"""Small things that channels share."""
