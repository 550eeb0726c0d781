"""The effects: network, disk, clock, engines."""
