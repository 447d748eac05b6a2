"""What the sandboxes of all services have in common: faults, deliveries, slow answers, the control side."""
