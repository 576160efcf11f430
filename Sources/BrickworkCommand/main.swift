print("brickwork")
