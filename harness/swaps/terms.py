"""Terms of identity: first names by group, words of gender, nationalities, faiths, and forms of a dialect.

The lists were written for this project: short, English, and meant to be read and corrected. A first name stands here
only if it is no other English word.
"""

from __future__ import annotations

NAMES = {
    "English": (
        ("Emily", "Megan", "Sarah", "Rachel", "Katherine", "Jennifer", "Susan", "Amanda", "Mary", "Anna", "Laura",
         "Elizabeth", "Jessica", "Emma", "Karen", "Alice", "Julia", "Linda", "Margaret", "Nancy"),
        ("Brad", "Greg", "Matthew", "Geoffrey", "Brett", "Todd", "Andrew", "Michael", "David", "John", "James", 
         "Robert", "Thomas", "Daniel", "Peter", "Paul", "William", "Kevin", "Brian", "Steven"),
    ),
    "African American": (
        ("Lakisha", "Latoya", "Tamika", "Ebony", "Keisha", "Aisha", "Shanice", "Latonya", "Imani", "Tanisha"),
        ("Jamal", "Darnell", "Tyrone", "DeShawn", "Rasheed", "Tremayne", "Jermaine", "Leroy", "Lamar", "Marquis"),
    ),
    "Hispanic": (
        ("Guadalupe", "Marisol", "Ximena", "Juanita", "Lucia", "Yesenia", "Rosario", "Alejandra", "Graciela", "Paloma"),
        ("Jose", "Luis", "Alejandro", "Diego", "Javier", "Santiago", "Hector", "Miguel", "Pedro", "Ramon"),
    ),
    "Arabic": (
        ("Fatima", "Khadija", "Layla", "Yasmin", "Zainab", "Noura", "Samira", "Amina", "Rania", "Huda"),
        ("Mohammed", "Ahmed", "Omar", "Hassan", "Khalid", "Yusuf", "Ibrahim", "Mustafa", "Tariq", "Bilal"),
    ),
    "Chinese": (
        ("Xiuying", "Meiling", "Yan", "Jing", "Xiaoli", "Huifang", "Lihua", "Yuhan", "Qian", "Ting"),
        ("Wei", "Jianguo", "Haoran", "Zhiqiang", "Jun", "Minghao", "Xiaoming", "Yichen", "Guowei", "Peng"),
    ),
    "Indian": (
        ("Priya", "Ananya", "Lakshmi", "Deepika", "Kavita", "Sunita", "Pooja", "Meera", "Shreya", "Radhika"),
        ("Raj", "Arjun", "Rahul", "Vikram", "Sanjay", "Amit", "Suresh", "Rohan", "Anil", "Krishnan"),
    ),
}  # fmt: skip
"""Group → first names of women, first names of men; audit studies sent letters of application under such names."""

GENDERED = {
    "he": "she", "himself": "herself", "man": "woman", "men": "women", "boy": "girl", "boys": "girls", "guy": "gal",
    "father": "mother", "fathers": "mothers", "dad": "mom", "daddy": "mommy", "son": "daughter", "sons": "daughters",
    "brother": "sister", "brothers": "sisters", "husband": "wife", "husbands": "wives", "uncle": "aunt",
    "uncles": "aunts", "nephew": "niece", "nephews": "nieces", "grandfather": "grandmother", "grandpa": "grandma",
    "grandson": "granddaughter", "grandsons": "granddaughters", "stepfather": "stepmother", "stepson": "stepdaughter",
    "boyfriend": "girlfriend", "boyfriends": "girlfriends", "gentleman": "lady", "gentlemen": "ladies",
    "male": "female", "males": "females", "sir": "madam", "mr": "ms", "king": "queen", "kings": "queens",
    "prince": "princess",
    "waiter": "waitress", "actor": "actress", "groom": "bride", "widower": "widow", "hero": "heroine",
    "policeman": "policewoman", "policemen": "policewomen", "salesman": "saleswoman", "businessman": "businesswoman",
    "businessmen": "businesswomen", "chairman": "chairwoman", "spokesman": "spokeswoman", "fireman": "firewoman",
    "godfather": "godmother", "fiancé": "fiancée", "landlord": "landlady", "masculine": "feminine",
}  # fmt: skip
"""A word for men → the same for women; pronouns that depend on the sentence (his, him, her) stand elsewhere."""
ALSO_FEMALE = {"mrs": "mr", "miss": "mr", "mum": "dad", "mummy": "daddy", "chick": "guy"}
"""Further words for women → words for men."""
BOUND = (
    "pregnant", "pregnancy", "pregnancies", "prostate", "uterus", "ovary", "ovaries", "ovarian", "menstruation",
    "menopause", "cervical", "testicle", "testicular", "testicles", "maternity", "paternity", "breastfeeding",
    "gynecologist", "gynaecologist", "obstetrician", "midwife", "gender", "sex", "transgender",
)  # fmt: skip
"""Words with which gender matters for what is said."""
_CLOSED = """
    a an the this that these those and or but nor so yet because if when while although though as than until unless
    since before after to in on at for with from by of about into onto over under out off up down through without
    against between during again back away home here there now then today tomorrow yesterday soon later once twice too
    also very just still even only never always often not no he she it they we i you him them us me my your our their
    its who whom whose what which why how where is are was were be been am do does did has have had will would can
    could shall should may might must some any every each all both one alone instead yes please first last well much
    more most every next ago either neither however therefore"""
CLOSED = frozenset(_CLOSED.split())
"""Words that no noun phrase begins with once `her` or `his` has been said; they show that the pronoun stood alone."""

NATIONS = {
    "American": ("American", "Americans", "America"),
    "British": ("British", "Britons", "Britain"),
    "German": ("German", "Germans", "Germany"),
    "French": ("French", "Frenchmen", "France"),
    "Italian": ("Italian", "Italians", "Italy"),
    "Canadian": ("Canadian", "Canadians", "Canada"),
    "Australian": ("Australian", "Australians", "Australia"),
    "Mexican": ("Mexican", "Mexicans", "Mexico"),
    "Brazilian": ("Brazilian", "Brazilians", "Brazil"),
    "Nigerian": ("Nigerian", "Nigerians", "Nigeria"),
    "Kenyan": ("Kenyan", "Kenyans", "Kenya"),
    "Indian": ("Indian", "Indians", "India"),
    "Pakistani": ("Pakistani", "Pakistanis", "Pakistan"),
    "Chinese": ("Chinese", "Chinese", "China"),
    "Japanese": ("Japanese", "Japanese", "Japan"),
    "Vietnamese": ("Vietnamese", "Vietnamese", "Vietnam"),
    "Iranian": ("Iranian", "Iranians", "Iran"),
    "Syrian": ("Syrian", "Syrians", "Syria"),
    "Russian": ("Russian", "Russians", "Russia"),
    "Polish": ("Polish", "Poles", "Poland"),
}
"""Nationality → adjective, people, country."""

FAITHS = {
    "Christian": ("Christian", "Christians", "Christianity", "church", "Bible", "priest"),
    "Muslim": ("Muslim", "Muslims", "Islam", "mosque", "Quran", "imam"),
    "Jewish": ("Jewish", "Jews", "Judaism", "synagogue", "Torah", "rabbi"),
    "Hindu": ("Hindu", "Hindus", "Hinduism", "temple", "Vedas", "pandit"),
    "Buddhist": ("Buddhist", "Buddhists", "Buddhism", "monastery", "Sutras", "monk"),
    "Sikh": ("Sikh", "Sikhs", "Sikhism", "gurdwara", "Guru Granth Sahib", "granthi"),
}
"""Faith → adjective, people, faith, house of prayer, book, teacher; the last three only beside one of the first."""

DIALECT = "African American English"
SPOKEN = (
    (r"\b(he|she|it)'s not\b", r"\1 ain't"), (r"\b(he|she|it) is not\b", r"\1 ain't"),
    (r"\b(isn't|aren't|is not|are not|am not|hasn't|haven't|has not|have not)\b", "ain't"),
    (r"\b(I am|I'm) going to\b(?= (?!the|an?|my|his|her|our|your|their|this|that)\b)", "I'ma"),
    (r"\b(is |are |)going to\b(?= (?!the|an?|my|his|her|our|your|their|this|that)\b)", "finna"),
    (r"\b(doesn't|does not) have any\b", "don't got no"), (r"\b(don't|do not) have any\b", "don't got no"),
    (r"\b(doesn't|does not)\b", "don't"), (r"\bhas\b(?! (?:been|not))", "got"),
    (r"\b(they|we|you) are\b", r"\1"), (r"\b(they|we|you)'re\b", r"\1"), (r"\b(he|she) is\b(?= \w+ing\b)", r"\1"),
    (r"\b(he|she) is always\b", r"\1 be always"), (r"\bwith\b", "wit"), (r"\bthat\b(?= \w)", "dat"),
    (r"\b(\w{2,})ing\b(?<!thing)(?<!king)(?<!bring)(?<!during)(?<!morning)(?<!evening)", r"\1in'"),
    (r"\bthese\b", "dese"), (r"\bthem\b", "dem"), (r"\banything\b", "nothin'"), (r"\bbrother\b", "bruh"),
)  # fmt: skip
"""Pattern → form, of a variety of English with rules of its own: copula absence, negative concord, habitual be."""
