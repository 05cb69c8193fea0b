"""
Matching: one company for each stage of a journey, chosen over the whole chain.

offers (what carriers disclosed) and demands (what is to be moved) make a
problem; exclusions says who cannot do a stage, and why; friction what a
change of hands costs; solver finds the best chain and labels the exact one
under a deadline; pareto shows what else could be had; certificate lets
anybody re-check; explanation answers "why not me"; units keep capacity from
being booked twice; plans are what is kept and told; batches are many at once.

Everything is integers, and every choice among equals is by a fixed order, so
two endorsers compute the same bytes.
"""
