"""
Matching: choose one company for each stage of a journey, so that the whole chain is best.

A problem has offers (what carriers disclosed) and a demand (what is to be moved). exclusions finds carriers that
cannot do a stage, and the reason; friction has the cost of a hand-over; potentials says for each carrier what it costs
at least to go on from there; solver reads the best chain from that, and labels finds the exact one under a deadline;
pareto lists alternatives; certificate lets anybody check the result; explanation answers "why not me"; units prevent
double booking; plans are stored and published; batches match many consignments together.

All numbers are integers, and a fixed order decides among equals, so two endorsers compute the same bytes.
"""
