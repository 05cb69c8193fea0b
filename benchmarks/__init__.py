"""What Selat costs, measured: start, memory, throughput and the chaincode runtime, beside other people's programs."""
