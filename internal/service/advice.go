package service

// advice is what can be done about a class of findings, and what happens otherwise.
type advice struct {
	answers       []Answer
	fix, ignoring string
}

// adviceOn returns the advice on a class; one that is not known can only be closed.
func adviceOn(class string) advice {
	switch class {
	case "external-edit":
		return advice{
			[]Answer{AnswerAdopt, AnswerHeal, AnswerIgnore},
			"adopt it if the number or price at the channel is right, heal it to write ours back",
			"the channel keeps showing it; decreases still go out, increases wait",
		}
	case "unmapped-sale":
		return advice{
			[]Answer{AnswerIgnore},
			"bind the listing: the sale is then booked exactly once, or ignore the listing",
			"sales of this listing lower no stock anywhere",
		}
	case "binding-conflict":
		return advice{
			[]Answer{AnswerIgnore},
			"bind the listings one by one with bindings set, or ignore those that are not yours",
			"these listings are not kept in sync",
		}
	case "write-refused":
		return advice{
			[]Answer{AnswerHeal, AnswerIgnore},
			"read why the channel refused it, mend that, and heal to try again",
			"the listing keeps its old value until another one is decided",
		}
	case "ownership-conflict":
		return advice{
			[]Answer{AnswerHeal, AnswerIgnore},
			"switch the other tool off for this listing and heal it, or take the listing out of our hands",
			"the listing keeps what the other tool wrote until its stock changes here",
		}
	case "zero-held":
		return advice{
			[]Answer{AnswerHeal, AnswerIgnore},
			"heal it to let it go to zero; if the zeros are a mistake, count the items again",
			"the channel goes on offering what it shows; true sell-outs are not held back",
		}
	case "feed-gap":
		return advice{[]Answer{AnswerIgnore}, "nothing: the orders are read from their beginning and every number is looked at again", "it closes by itself when you have seen it"}
	case "price-held":
		return advice{
			[]Answer{AnswerRelease, AnswerIgnore},
			"release it if the price is right, or mend the price or the rule behind it",
			"the listing keeps its old price; stock is not affected",
		}
	case "price-refused":
		return advice{
			[]Answer{AnswerIgnore},
			"mend the price, its currency or the rule behind it: this one is never sent",
			"the listing keeps its old price; stock is not affected",
		}
	case "wrong-currency":
		return advice{[]Answer{AnswerIgnore}, "find out why the channel changed the currency of the listing", "the last good price stays"}
	case "catalogue-incomplete":
		return advice{
			[]Answer{AnswerIgnore},
			"wait for the next complete read; if it stays, look at the account's rights at the channel",
			"listings that are gone are not noticed",
		}
	case "credentials-refused":
		return advice{
			[]Answer{AnswerIgnore},
			"give new credentials with accounts reconnect",
			"nothing is read or written there, and the other channels offer less of what it may be selling",
		}
	case "channel-unavailable":
		return advice{
			[]Answer{AnswerIgnore},
			"wait: it is tried again by itself; if it stays, look at the channel's own status",
			"nothing is written there; changes wait as their last value",
		}
	}
	return advice{[]Answer{AnswerIgnore}, "see the text", "it stays as it is"}
}
