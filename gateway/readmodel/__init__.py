"""
The read model: lists and search over what an organisation may see, kept in the gateway's database and made from blocks.

    model = services.model                                    # gateway.readmodel.model.Model
    page = queries.find(model, "PlatformMSP", Query("orders", where={"state": "confirmed"}))
    queries.search(model, "PlatformMSP", "(00)306141411234567890")  # any number on a label
    model.blocks("PlatformMSP")                               # the newest block of each channel in it

Each organisation has a model of its own, fed from its own peer; no answer to one organisation has a row of another. A
model can be deleted: ``selat gateway rebuild`` makes it again from block 0.
"""
