"""What callers notice while the service, or something it stands on, is broken on purpose."""
