package = {"one": {"depends": ["tools"]}, "two": {"depends": ["one"], "disabled": True}}
