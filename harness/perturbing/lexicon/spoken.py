"""Spoken and written in haste: contractions, fillers, abbreviations, slang, words that sound alike, emoji."""

from __future__ import annotations

CONTRACTED = {
    "are not": "aren't", "cannot": "can't", "could not": "couldn't", "did not": "didn't", "does not": "doesn't",
    "do not": "don't", "had not": "hadn't", "has not": "hasn't", "have not": "haven't", "he is": "he's",
    "here is": "here's", "he will": "he'll", "how is": "how's", "i am": "i'm", "i have": "i've", "i will": "i'll",
    "i would": "i'd", "is not": "isn't", "it is": "it's", "it will": "it'll", "must not": "mustn't",
    "she is": "she's", "she will": "she'll", "should not": "shouldn't", "that is": "that's", "there is": "there's",
    "they are": "they're", "they have": "they've", "they will": "they'll", "was not": "wasn't", "we are": "we're",
    "we have": "we've", "were not": "weren't", "we will": "we'll", "what is": "what's", "when is": "when's",
    "where is": "where's", "who is": "who's", "will not": "won't", "would not": "wouldn't", "you are": "you're",
    "you have": "you've", "you will": "you'll",
}  # fmt: skip

FILLERS = ("uh", "um", "er", "like", "you know", "I mean", "well", "so", "actually", "basically", "right")
"""None of them says how sure somebody is."""

ABBREVIATED = {
    "address": "addr", "afternoon": "aft", "appointment": "appt", "are": "r", "as soon as possible": "asap",
    "at the moment": "atm", "avenue": "ave", "be right back": "brb", "because": "bc", "before": "b4",
    "between": "btw", "by the way": "btw", "could": "cud", "customer": "cust", "definitely": "def",
    "department": "dept", "department store": "dept store", "favorite": "fave", "for your information":
    "fyi", "friday": "fri", "going to": "gonna", "good": "gd", "great": "gr8", "i do not know": "idk",
    "in my opinion": "imo", "information": "info", "just": "jst", "know": "kno", "later": "l8r", "laugh": "lol",
    "love": "luv", "maximum": "max", "message": "msg", "minute": "min", "minutes": "mins", "monday": "mon",
    "mountain": "mtn", "oh my god": "omg", "okay": "ok", "people": "ppl", "picture": "pic", "please": "pls",
    "probably": "prob", "question": "q", "really": "rly", "regarding": "re", "right now": "rn", "saturday": "sat",
    "schedule": "sched", "see": "c", "should": "shud", "someone": "some1", "something": "smth", "station": "stn",
    "street": "st", "sunday": "sun", "temperature": "temp", "thank you": "thx", "thanks": "thx",
    "thursday": "thurs", "to be honest": "tbh", "today": "2day", "tomorrow": "tmrw", "tonight": "2nite",
    "tuesday": "tues", "want to": "wanna", "wednesday": "wed", "weekend": "wknd", "what": "wat", "why": "y",
    "with": "w/", "would": "wud", "year": "yr", "years": "yrs", "you": "u", "your": "ur",
}  # fmt: skip

COLLOQUIAL = {
    "a lot of": ("loads of", "tons of"), "angry": ("ticked off", "mad"), "bathroom": ("loo",), "boring": ("a drag",),
    "boy": ("lad",), "bus": ("ride",), "car": ("wheels",), "children": ("kids",), "crazy": ("nuts",),
    "delicious": ("yummy",), "difficult": ("tricky",), "dollars": ("bucks",), "drink": ("grab a drink",),
    "easy": ("a breeze",), "eat": ("grab a bite",), "excellent": ("awesome", "sick"), "excuse me": ("hey",),
    "expensive": ("pricey",), "father": ("dad",), "food": ("grub",), "friend": ("buddy", "mate"),
    "friends": ("buddies", "mates"), "give me": ("gimme",), "going to": ("gonna",), "good": ("solid",),
    "good evening": ("hey",), "good morning": ("hiya",), "got to": ("gotta",), "great": ("awesome",),
    "have to": ("gotta",), "hello": ("hey", "yo"), "how are you": ("how's it going",), "hungry": ("starving",),
    "kind of": ("kinda",), "let me": ("lemme",), "man": ("guy",), "money": ("cash",), "mother": ("mom",),
    "movie": ("flick",), "out of": ("outta",), "party": ("bash",), "person": ("guy",), "please": ("pretty please",),
    "police": ("cops",), "quickly": ("real quick",), "relax": ("chill",), "stupid": ("dumb",),
    "television": ("telly",), "thank you": ("cheers", "thanks a bunch"), "thanks": ("cheers",), "tired": ("beat",),
    "very": ("super", "real"), "want to": ("wanna",), "what are you": ("whatcha",), "what is": ("what's",),
    "woman": ("lady",), "work": ("grind",), "yes": ("yeah", "yep"),
}  # fmt: skip

HOMOPHONES = {
    "allowed": "aloud", "bare": "bear", "blue": "blew", "board": "bored", "brake": "break",
    "by": "buy", "cell": "sell", "cent": "scent", "close": "clothes", "coarse": "course", "dear": "deer",
    "die": "dye", "fair": "fare", "find": "fined", "flour": "flower", "great": "grate",
    "hair": "hare", "hear": "here", "heard": "herd", "hole": "whole", "hour": "our", "its": "it's", "knew": "new",
    "know": "no", "knight": "night", "mail": "male", "made": "maid", "main": "mane", "meat": "meet",
    "pair": "pear", "passed": "past", "peace": "piece", "plain": "plane", "read": "red",
    "right": "write", "road": "rode", "role": "roll", "sail": "sale", "sea": "see", "seen": "scene", "some": "sum",
    "son": "sun", "stair": "stare", "stationary": "stationery", "steal": "steel", "tail": "tale",
    "their": "there", "threw": "through", "to": "too", "wait": "weight", "waist": "waste", "way": "weigh",
    "weak": "week", "wear": "where", "weather": "whether", "which": "witch", "would": "wood", "your": "you're",
}  # fmt: skip

DIALECT = {
    "about to": ("finna",), "am not": ("ain't",), "are going to": ("finna", "gon"), "are not": ("ain't",),
    "aren't": ("ain't",), "ask": ("aks",), "asked": ("aksed",), "brother": ("bruh",), "does not": ("don't",),
    "doesn't": ("don't",), "going to": ("finna", "gon"), "has not": ("ain't",), "hasn't": ("ain't",),
    "have not": ("ain't",), "haven't": ("ain't",), "he does": ("he do",), "he has": ("he got",), "he is": ("he",),
    "he was": ("he was",), "is going to": ("finna", "gon"), "is not": ("ain't",), "isn't": ("ain't",),
    "it does": ("it do",), "it is": ("it",), "she does": ("she do",), "she has": ("she got",), "she is": ("she",),
    "that": ("dat",), "the": ("da",), "them": ("dem",), "there are": ("it's",), "there is": ("it's",),
    "they are": ("they",), "they were": ("they was",), "this": ("dis",), "those": ("them",), "very": ("hella",),
    "we are": ("we",), "we were": ("we was",), "with": ("wit",), "you are": ("you",), "you were": ("you was",),
}  # fmt: skip
"""Features of African American English as written online: copula absence, levelled `was`, `ain't`, `finna`, `th`
written `d`. A rough sketch of a language variety, for finding models that serve its speakers worse."""

EMOJI = {
    "airport": "✈️", "angry": "😠", "awesome": "🤩", "bad": "👎", "beach": "🏖️", "bike": "🚲", "bird": "🐦",
    "birthday": "🎂", "boat": "⛵", "book": "📖", "books": "📚", "bus": "🚌", "cake": "🍰", "car": "🚗", "cars": "🚗",
    "cat": "🐱", "city": "🏙️", "clock": "🕒", "coffee": "☕", "cold": "🥶", "computer": "💻", "dog": "🐶", "fire": "🔥",
    "fish": "🐟", "flight": "✈️", "flower": "🌸", "food": "🍽️", "good": "👍", "great": "👍", "happy": "😊", "home": "🏠",
    "hot": "🥵", "hotel": "🏨", "house": "🏠", "key": "🔑", "letter": "✉️", "love": "❤️", "mail": "✉️", "market": "🛒",
    "money": "💰", "moon": "🌙", "morning": "🌅", "movie": "🎬", "music": "🎵", "night": "🌙", "park": "🌳",
    "phone": "📱", "pizza": "🍕", "question": "❓", "rain": "🌧️", "sad": "😢", "school": "🏫", "shop": "🛍️",
    "sleep": "😴", "snow": "❄️", "star": "⭐", "station": "🚉", "stop": "🛑", "street": "🛣️", "sun": "☀️",
    "thanks": "🙏", "ticket": "🎫", "time": "⏰", "train": "🚆", "tree": "🌳", "water": "💧",
    "work": "💼", "world": "🌍",
}  # fmt: skip
ANY_EMOJI = ("🙂", "👋", "✨", "🙏", "😊")
"""Emoji that say nothing in particular."""
