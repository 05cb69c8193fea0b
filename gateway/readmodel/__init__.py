"""
Lists and search over what an organisation may see, kept in the gateway's database and made from blocks alone.

    model = services.model                                    # gateway.readmodel.model.Model
    page = queries.find(model, "PlatformMSP", Query("orders", where={"state": "confirmed"}))
    queries.search(model, "PlatformMSP", "(00)306141411234567890")  # any number on a label
    model.blocks("PlatformMSP")                               # up to which block of each channel it speaks

Each organisation has a model of its own, fed from its own peer; no row of one is ever in the answer to another. It can
be thrown away: ``selat gateway rebuild`` makes it again from block 0.
"""
