"""Networks of Fabric: a consortium file, its keys and channels, and the engines that run it, embedded or real."""
