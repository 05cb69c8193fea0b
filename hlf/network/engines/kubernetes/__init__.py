"""Real peers and orderers in a Kubernetes cluster: manifests that the cluster's operator applies."""
