"""What a channel may know of the configuration: its own section, and where its files go."""
