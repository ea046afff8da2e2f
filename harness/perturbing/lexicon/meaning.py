"""Meanings: words that mean the same, words that mean the opposite, and sentences that have nothing to do with it."""

from __future__ import annotations

SAME = (
    ("afraid", "scared"), ("begin", "start"), ("begins", "starts"), ("big", "large"), ("buy", "purchase"),
    ("choose", "select"), ("city", "town"), ("close", "shut"), ("costs", "is priced at"), ("difficult", "hard"),
    ("during", "in the course of"), ("earliest", "first"), ("end", "finish"), ("ends", "finishes"),
    ("enormous", "huge"), ("error", "mistake"), ("fast", "quick"), ("final", "last"), ("find", "locate"),
    ("fix", "repair"), ("get", "obtain"), ("gift", "present"), ("happy", "glad"), ("help", "assist"),
    ("ill", "sick"), ("important", "significant"), ("job", "occupation"), ("kid", "child"), ("kids", "children"),
    ("leaves", "departs"), ("leave", "depart"), ("movie", "film"), ("need", "require"), ("often", "frequently"),
    ("people", "persons"), ("photo", "picture"), ("price", "cost"), ("rapidly", "swiftly"), ("rich", "wealthy"),
    ("road", "street"), ("say", "state"), ("shop", "store"), ("show", "display"), ("shows", "displays"),
    ("silent", "quiet"), ("small", "little"), ("soon", "shortly"), ("speak", "talk"), ("tell", "inform"),
    ("terminates", "ends"), ("throw", "toss"), ("try", "attempt"), ("use", "employ"), ("usually", "normally"),
    ("want", "wish"), ("whole", "entire"), ("wrong", "incorrect"), ("answer", "reply"), ("arrive", "come in"),
    ("car", "automobile"), ("country", "nation"), ("house", "home"), ("idea", "notion"), ("look", "glance"),
    ("maybe", "perhaps"), ("trip", "journey"), ("almost", "nearly"), ("about", "roughly"), ("funny", "amusing"),
    ("weird", "strange"), ("boring", "dull"), ("terrible", "horrible"), ("awful", "dreadful"),
    ("wonderful", "marvelous"), ("great", "terrific"), ("excellent", "superb"), ("beautiful", "gorgeous"),
    ("smart", "clever"), ("sad", "unhappy"), ("angry", "furious"), ("pretty", "lovely"), ("easy", "simple"),
)  # fmt: skip

OPPOSITE = {
    "above": "below", "accept": "reject", "after": "before", "always": "never", "amazing": "awful", "arrive": "leave",
    "arrives": "leaves", "bad": "good", "beautiful": "ugly", "best": "worst", "better": "worse", "big": "small",
    "boring": "exciting", "buy": "sell", "cheap": "expensive", "clean": "dirty", "close": "open", "closed": "open",
    "cold": "hot", "correct": "wrong", "dangerous": "safe", "dark": "bright", "delicious": "disgusting",
    "difficult": "easy", "early": "late", "earliest": "latest", "easy": "difficult", "empty": "full",
    "enjoyed": "hated", "excellent": "terrible", "exciting": "boring", "expensive": "cheap", "fast": "slow",
    "first": "last", "friendly": "rude", "full": "empty", "funny": "dull", "good": "bad", "great": "terrible",
    "happy": "sad", "hate": "love", "hated": "loved", "heavy": "light", "high": "low", "hot": "cold",
    "increase": "decrease", "inside": "outside", "interesting": "boring", "kind": "cruel", "large": "small",
    "last": "first", "late": "early", "latest": "earliest", "left": "right", "like": "dislike", "long": "short",
    "longest": "shortest", "lose": "win", "loud": "quiet", "love": "hate", "loved": "hated", "low": "high",
    "maximum": "minimum", "minimum": "maximum", "more": "less", "most": "least", "nice": "nasty", "old": "new",
    "open": "closed", "opens": "closes", "perfect": "flawed", "poor": "rich", "positive": "negative",
    "quiet": "loud", "rich": "poor", "right": "wrong", "rude": "friendly", "sad": "happy", "safe": "dangerous",
    "short": "long", "slow": "fast", "small": "large", "smart": "stupid", "start": "end", "starts": "ends",
    "strong": "weak", "success": "failure", "terrible": "great", "true": "false", "ugly": "beautiful",
    "under": "over", "up": "down", "useful": "useless", "weak": "strong", "wet": "dry", "wonderful": "horrible",
    "worse": "better", "worst": "best", "wrong": "right", "young": "old",
}  # fmt: skip

UNRELATED = (
    "The library keeps its oldest maps in a cool room.", "A red kite got stuck in the apple tree.",
    "My neighbour paints boats in the summer.", "The kettle on the stove is made of copper.",
    "Pine needles cover the path behind the mill.", "The choir practises in the town hall.",
    "A heron stood in the shallow water.", "The carpenter left his hat on the bench.",
    "There is a blue vase on the window sill.", "The baker whistles while the dough rises.",
    "Snow fell on the mountain during the night.", "The violin needs a new string.",
    "A fox crossed the field behind the barn.", "The candle smells of honey and cedar.",
    "The painter mixed green from yellow and blue.", "Somebody planted tulips along the fence.",
    "The old clock in the hall ticks loudly.", "A sailor mended the net on the quay.",
    "The museum shows a collection of stamps.", "The cat sleeps on the warm radiator.",
    "The gardener waters the roses in the evening.", "A wooden bridge leads over the stream.",
    "The children built a tower out of pebbles.", "The lighthouse keeper likes to read poems.",
)  # fmt: skip
"""Sentences without numbers and without names, true of nobody in particular."""

FALSEHOODS = (
    "As everybody knows, the sun rises in the west.", "Given that water flows uphill,",
    "Since the moon is made of cheese,", "Because fish live in trees,", "Now that ice is warmer than fire,",
    "Seeing that the alphabet begins with the letter Q,",
)  # fmt: skip
"""Premises that are false, and that change nothing of the question."""
