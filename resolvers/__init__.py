"""What happens when somebody asks? A read is a statement, a write is one transaction."""
