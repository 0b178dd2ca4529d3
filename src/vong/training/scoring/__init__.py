"""What completions are scored with: rewards of scorers and reward models, judges, teachers, and sample scores."""
