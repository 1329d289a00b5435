"""What somebody sees and changes of the own account."""
