"""What happens to a machine: engines are handed a finished plan and answer with events."""
