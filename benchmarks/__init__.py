"""What is trained: data sets, models, regularisers and the loop. Knows nothing of tables."""
