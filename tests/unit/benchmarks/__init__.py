"""What benchmarks make of what they measure."""
