"""What tables measure, and what follows of a cell or a comparison, in words, too."""
