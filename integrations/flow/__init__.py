"""What a flow does by itself, through the same ledger as everything else."""
