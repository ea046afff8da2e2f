"""Spellings: keys of a keyboard, letters that look alike, common misspellings, British and American."""

from __future__ import annotations

NEIGHBOURS = {
    "q": "wa", "w": "qesa", "e": "wrds", "r": "etfd", "t": "rygf", "y": "tuhg", "u": "yijh", "i": "uokj", "o": "iplk",
    "p": "ol", "a": "qwsz", "s": "awedxz", "d": "serfcx", "f": "drtgvc", "g": "ftyhbv", "h": "gyujnb", "j": "huikmn",
    "k": "jiolm", "l": "kop", "z": "asx", "x": "zsdc", "c": "xdfv", "v": "cfgb", "b": "vghn", "n": "bhjm", "m": "njk",
}  # fmt: skip
"""A key → the letter keys that touch it (QWERTY)."""

LOOK_ALIKE = {
    "a": "а", "c": "с", "e": "е", "i": "і", "j": "ј", "o": "о", "p": "р", "s": "ѕ", "x": "х", "y": "у", "h": "һ",
    "A": "А", "B": "В", "C": "С", "E": "Е", "H": "Н", "I": "І", "J": "Ј", "K": "К", "M": "М", "N": "Ν", "O": "О",
    "P": "Р", "S": "Ѕ", "T": "Т", "X": "Х", "Y": "Ү", "Z": "Ζ",
}  # fmt: skip
"""A Latin letter → a Cyrillic or Greek one that looks the same."""

SCANNED = {
    "rn": ("m",), "m": ("rn",), "cl": ("d",), "d": ("cl",), "vv": ("w",), "w": ("vv",), "nn": ("rm",), "ri": ("n",),
    "o": ("0",), "O": ("0", "Q"), "l": ("1", "I"), "I": ("l", "1"), "i": ("l", "1"), "e": ("c",), "c": ("e",),
    "h": ("b",), "b": ("h",), "u": ("v",), "v": ("u",), "n": ("u",), "t": ("f",), "f": ("t",), "s": ("5",),
    "S": ("5",), "B": ("8",), "g": ("9", "q"), "q": ("g",), "y": ("v",), "a": ("o",), "G": ("6",), "Z": ("2",),
    "z": ("2",), "D": ("O",), "E": ("F",), "C": ("G",), "R": ("P",),
}  # fmt: skip
"""What stands on paper → what a scanner reads."""

LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7", "b": "8", "g": "9", "l": "1", "z": "2"}

ACCENTS = {
    "a": "áàâãä", "e": "éèêë", "i": "íìîï", "o": "óòôõö", "u": "úùûü", "c": "ç", "n": "ñ", "y": "ý",
    "A": "ÁÀÂÃÄ", "E": "ÉÈÊË", "I": "ÍÌÎÏ", "O": "ÓÒÔÕÖ", "U": "ÚÙÛÜ", "C": "Ç", "N": "Ñ", "Y": "Ý",
}  # fmt: skip

MISSPELLED = {
    "about": ("abuot", "abot"), "accommodation": ("accomodation", "acommodation"), "achieve": ("acheive",),
    "across": ("accross",), "actually": ("acctually", "actualy"), "address": ("adress",), "afraid": ("affraid",),
    "again": ("agian",), "almost": ("allmost",), "already": ("allready",), "always": ("allways", "alwyas"),
    "amazing": ("amazeing", "amasing"), "answer": ("anwser", "anser"), "apparently": ("apparantly",),
    "appear": ("apear",), "argument": ("arguement",), "available": ("availible", "avaliable"), "awful": ("aweful",),
    "bad": ("badd",), "beautiful": ("beatiful", "beautifull"), "because": ("becuase", "becouse"),
    "before": ("befor",), "beginning": ("begining",), "believe": ("beleive", "belive"), "between": ("betwen",),
    "business": ("buisness",), "calendar": ("calender",), "can": ("cna",), "careful": ("carefull",),
    "certain": ("certian",), "change": ("chnage", "chage"), "character": ("charachter",), "choose": ("chose",),
    "city": ("citty",), "close": ("colse",), "colleague": ("collegue",), "come": ("coem",), "coming": ("comming",),
    "company": ("compnay",), "completely": ("completly",), "cost": ("csot",), "could": ("coud", "cuold"),
    "country": ("contry", "counrty"), "course": ("corse",), "customer": ("costumer", "custmer"),
    "decide": ("deside",), "definitely": ("definately", "definitly"), "departure": ("departue",),
    "difference": ("diffrence",), "different": ("diffrent", "differant"), "disappear": ("dissapear",),
    "disappoint": ("dissapoint",), "does": ("deos",), "dollars": ("dolars",), "early": ("erly",),
    "embarrass": ("embarass",), "end": ("edn",), "environment": ("enviroment",), "especially": ("especialy",),
    "every": ("evry",), "exactly": ("exacly",), "excellent": ("excelent", "excellant"), "experience": ("experiance",),
    "family": ("familly",), "favorite": ("favorit",), "february": ("febuary",), "film": ("flim",),
    "finally": ("finaly",), "first": ("frist",), "foreign": ("foriegn",), "friend": ("freind",), "from": ("form",),
    "general": ("genral",), "going": ("goign",), "good": ("godo", "goood"), "government": ("goverment",),
    "grammar": ("grammer",), "great": ("graet", "grate"), "guarantee": ("garantee",), "happened": ("happend",),
    "have": ("hvae",), "hello": ("helo",), "help": ("hlep",), "here": ("heer",), "immediately": ("immediatly",),
    "important": ("importent",), "independent": ("independant",), "information": ("infomation", "informaton"),
    "interesting": ("intresting", "intersting"), "is": ("si",), "just": ("jsut",), "know": ("konw", "kno"),
    "knowledge": ("knowlege",), "language": ("langauge",), "last": ("lsat",), "later": ("latter",),
    "leave": ("laeve", "leav"), "library": ("libary",), "like": ("liek",), "little": ("litle",), "long": ("logn",),
    "make": ("maek",), "many": ("mnay",), "market": ("maket",), "minute": ("minuet",), "money": ("mony",),
    "more": ("mroe",), "morning": ("moring",), "movie": ("moive",), "much": ("muhc",), "necessary": ("neccessary",),
    "need": ("nede",), "next": ("nxet",), "occasion": ("ocasion",), "occurred": ("occured",), "often": ("offten",),
    "open": ("opne",), "opinion": ("opinon",), "other": ("otehr",), "park": ("pakr",), "parking": ("parkign",),
    "payment": ("paymant",), "people": ("poeple", "peple"), "perfect": ("perfact",), "place": ("palce",),
    "please": ("pleese", "plase"), "possible": ("posible",), "prefer": ("preffer",), "price": ("prize",),
    "probably": ("probaly", "probly"), "problem": ("probelm",), "question": ("quesiton", "qestion"),
    "quickly": ("quikly",), "quite": ("quiet",), "really": ("realy", "relly"), "receive": ("recieve",),
    "recommend": ("recomend", "reccomend"), "remember": ("remeber",), "restaurant": ("restaraunt", "resturant"),
    "right": ("rihgt",), "route": ("rout", "ruote"), "said": ("siad",), "schedule": ("schedual",),
    "separate": ("seperate",), "service": ("servise",), "should": ("shoud", "shuold"), "similar": ("similer",),
    "since": ("sence",), "sincerely": ("sincerly",), "some": ("soem",), "something": ("somthing",),
    "start": ("satrt",), "station": ("staton", "statoin"), "still": ("stil",), "stop": ("sotp",),
    "successful": ("succesful", "successfull"), "surprise": ("suprise",), "take": ("taek",), "tell": ("tel",),
    "terrible": ("terible", "terrable"), "than": ("then",), "thank": ("thnak",), "thanks": ("thansk",),
    "that": ("taht",), "the": ("teh", "hte"), "their": ("thier",), "there": ("ther",), "they": ("tehy",),
    "think": ("thikn",), "this": ("thsi",), "through": ("thru", "trough"), "ticket": ("tiket", "tikcet"),
    "time": ("tiem",), "today": ("todya",), "tomorrow": ("tommorow", "tomorow"), "tonight": ("tonite",),
    "train": ("trian",), "travel": ("travle",), "truly": ("truely",), "until": ("untill",), "usually": ("usualy",),
    "very": ("vrey",), "wait": ("wiat",), "want": ("wnat",), "was": ("wsa",), "weather": ("wether",),
    "wednesday": ("wensday",), "weird": ("wierd",), "welcome": ("wellcome",), "what": ("waht", "wat"),
    "when": ("wehn",), "where": ("wher", "whrere"), "which": ("wich", "whitch"), "while": ("whlie",),
    "will": ("wil",), "with": ("wiht",), "work": ("wrok",), "would": ("woud", "wuold"), "write": ("wirte",),
    "writing": ("writting",), "year": ("yaer",), "your": ("yuor",),
}  # fmt: skip
"""A word → how people misspell it."""

AMERICAN = {
    "aeroplane": "airplane", "aluminium": "aluminum", "analyse": "analyze", "analysed": "analyzed",
    "apologise": "apologize", "armour": "armor", "behaviour": "behavior", "cancelled": "canceled",
    "cancelling": "canceling", "car park": "parking lot", "catalogue": "catalog", "centimetre": "centimeter",
    "centre": "center", "centres": "centers", "cinema": "movie theater",
    "colour": "color", "colours": "colors", "coloured": "colored", "cosy": "cozy", "criticise": "criticize",
    "defence": "defense", "dialogue": "dialog", "favour": "favor", "favourite": "favorite",
    "favourites": "favorites", "fibre": "fiber", "flavour": "flavor", "flavours": "flavors",
    "fulfil": "fulfill", "grey": "gray", "harbour": "harbor",
    "honour": "honor", "humour": "humor", "jewellery": "jewelry", "kerb": "curb", "kilometre": "kilometer",
    "kilometres": "kilometers", "labour": "labor", "litre": "liter",
    "lorry": "truck", "lorries": "trucks", "metre": "meter", "metres": "meters", "mobile phone": "cell phone",
    "modelling": "modeling", "motorway": "highway", "mum": "mom", "neighbour": "neighbor",
    "neighbours": "neighbors", "offence": "offense", "organisation": "organization", "organise": "organize",
    "organised": "organized", "pavement": "sidewalk", "plough": "plow",
    "post code": "zip code", "postcode": "zip code",
    "pyjamas": "pajamas", "railway": "railroad", "realise": "realize",
    "realised": "realized", "recognise": "recognize", "return ticket": "round-trip ticket", "rubbish": "trash",
    "rumour": "rumor", "sceptical": "skeptical", "single ticket": "one-way ticket", "specialise": "specialize",
    "summarise": "summarize", "theatre": "theater", "theatres": "theaters", "timetable": "schedule",
    "timetables": "schedules", "towards": "toward", "traveller": "traveler", "travellers": "travelers",
    "travelling": "traveling", "trousers": "pants", "tyre": "tire", "tyres": "tires",
    "vapour": "vapor", "waggon": "wagon", "yoghurt": "yogurt",
}  # fmt: skip
"""British → American."""
