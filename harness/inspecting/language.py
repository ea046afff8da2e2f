"""Which language a text is in: by its script, and within a script by its common words and their letter trigrams."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST = 600
"""Characters of a text that are looked at: more adds time, hardly certainty."""
FEWEST_WORDS = 3
SURE = 0.4
"""How much likelier (nats a word) the best language must be than another one before the text is said not to be that;"""
FEWEST_HITS = 2
"""…and how many more of its words must be common ones: names and rare words alone prove nothing."""

_COMMON = {
    "en": "the of and to in is that it for was on are with as his they at be this have from or one had by word but "
    "not what all were we when your can said there use an each which she do how their if will up other about "
    "out many then them these so some her would make like him into time has look two more go see no way could "
    "people my than first been call who its now find long down day did get come made may part you i he me where "
    "why does please thanks",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er "
    "hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor "
    "zur bis mehr durch man sein wurde sei ich du wir ihr mir mich uns was wo warum wann bitte danke kann "
    "können möchte",
    "fr": "de la le et les des en un du une que est pour qui dans par plus pas au sur ne se ce il sont avec son ou "
    "nous mais comme on été elle aux deux même ces cette sa être ont leur bien peut tout fait ils très je tu "
    "vous me te mon votre où quand pourquoi comment merci bonjour était sans entre après faire",
    "es": "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si sin "
    "sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está mi porque "
    "qué sólo yo tú usted dónde cómo cuánto gracias hola puede tiene hay",
    "it": "di e che la il un a per in una è non sono mi ho ma lo con ha le si ti i da come se io questo bene qui hai "
    "sei del tu solo al me tutto te più della era no gli ci dei nel alla anche cosa perché quando dove chi "
    "molto fare grazie stato essere suo loro delle",
    "pt": "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu "
    "sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos "
    "ter seus quem nas me esse eles você onde obrigado pode",
    "nl": "de en van ik te dat die in een hij het niet zijn is was op aan met als voor had er maar om hem dan zou of "
    "wat mijn men dit zo door over ze zich bij ook tot je mij uit der daar haar naar heb hoe heeft hebben deze "
    "u want nog zal me zij nu geen omdat iets worden toch waar wanneer waarom",
    "sv": "och i att det som en på är av för med den till inte har de ett om var jag men sig så vi från han kan när "
    "år hade där hon under också efter eller nu sin vid mot skulle ut får finns vara bli alla andra mycket än "
    "här då över kommer ska du varför",
    "da": "og i at det er en til på som med for de den af ikke der jeg et har han om var vi fra kan så men sig hun "
    "eller hvad skal når også efter blev ved nu være mod havde over da dig mig min du hvor ud bare kun meget "
    "hvis hvorfor noget",
    "no": "og i det på som er en til å han av for med at var de ikke den har jeg om et men så seg hun hadde fra vi du "
    "kan da ble ut skal vil ham etter over ved også bare eller sa nå dette noe være meg mot opp der når inn dem "
    "hvor hva hvorfor hvordan",
    "fi": "ja on ei että se hän oli ovat mutta kun niin kuin myös joka mitä minä sinä olen tai jos vain nyt sen hänen "
    "ole mukaan sekä voi vielä olla jo kanssa jälkeen ennen kaikki tämä siitä missä koska miksi minun sitten "
    "tämän kuitenkin hyvin olisi",
    "pl": "i w na z do się nie że to jest o a jak po co tak za od są ale przez dla czy by tym już jego tylko być jej "
    "był może jako oraz ich go który która które przy także lub pod ze bardzo bez było ja mnie gdzie kiedy "
    "dlaczego ma można dziękuję proszę",
    "cs": "a v se na je že s z o i to do ve pro za by k ale jako po tak jsou už od co nebo který byl však jeho jen "
    "být jak která bylo při které až si jsem ještě podle když může také kde proč kdy není má mám děkuji prosím",
    "tr": "ve bir bu da de için ile çok ne daha gibi var olan olarak sonra kadar en ben sen o biz değil mi ama ya her "
    "şey olduğu nasıl neden nerede kim ki şu diye bana beni oldu yok evet hayır lütfen teşekkürler şimdi önce",
    "ro": "de și în a la cu nu că este pe un o să se din pentru care mai ce au fi sunt fost ca el ea dar am sau după "
    "are prin cel către fără dacă când unde cum eu tu lui lor această acest între până foarte mulțumesc",
    "hu": "a az és hogy nem is egy ez meg csak de van volt már még ha mint el vagy ki én te ő mi fel azt ezt kell "
    "lehet nagyon után minden majd volna pedig úgy így mert hol mikor miért köszönöm kérem be itt ott",
    "id": "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena tersebut bisa ada mereka "
    "lebih kata tahun sudah atau saat oleh menjadi orang kami kita dia anda apa bagaimana kapan mana terima "
    "kasih tolong",
    "vi": "và của là có được cho không trong một các người với những đã này để khi từ như đến về cũng ra tôi anh đó "
    "nhưng vào làm còn nhiều năm thì nếu bạn gì đâu sao xin cảm ơn rất hay lại",
    "ru": "и в не на я что он с как это по но его к из у за то от же бы все она так мы для они был мне было только о "
    "вы когда ты есть или если уже быть где почему может очень была их вас спасибо пожалуйста",
    "uk": "і в не на що я з він як це до та за у але його про від так по ми для був вони все чи або якщо вже є була "
    "бути їх може коли де чому дуже мені мене дякую будь ласка щоб який",
    "bg": "и на да в се не е за с от че са по като това ще към но има до при си го те или може беше както който само "
    "ми ако още много няма една един къде кога защо благодаря моля тя той аз",
    "ar": "في من على أن إلى عن هذا مع التي كان الذي هذه ما لا هو كل بعد قد هي بين ذلك لم كما عند أو لكن حيث حتى غير "
    "قبل أين متى كيف لماذا نعم شكرا",
    "fa": "و در به از که این را با است برای آن یک خود تا کرد بر هم نیز گفت می شود شد اما یا باید ما من شما چه کجا چرا "
    "چگونه هست نیست بود های ممنون",
    "ur": "کے کی میں ہے اور سے کا کو اس نے کہ پر یہ بھی ہیں ایک نہیں کر تھا ہو جو وہ گیا کیا تو ہم آپ کہاں کب کیوں "
    "کیسے شکریہ لیے",
}
"""Language → its most common words, the most common first."""
_SCRIPTS = {
    "Latin": "en de fr es it pt nl sv da no fi pl cs tr ro hu id vi",
    "Cyrillic": "ru uk bg",
    "Arabic": "ar fa ur",
}
TOLD_APART = frozenset(_COMMON)
"""Languages that share their script with others."""
_ALONE = {
    "Greek": "el", "Hebrew": "he", "Thai": "th", "Devanagari": "hi", "Hangul": "ko", "Kana": "ja", "Han": "zh",
    "Bengali": "bn", "Tamil": "ta", "Telugu": "te", "Georgian": "ka", "Armenian": "hy",
}  # fmt: skip
"""Scripts that tell the language by themselves, as far as is told apart here."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


class Guess(NamedTuple):
    """The most likely language of a text."""

    language: str
    """Its two-letter code (or its script's name), or empty where there is too little text to say."""
    margins: tuple[tuple[str, float, int], ...] = ()
    """Other languages of the same script: how much less likely (nats a word), and how many fewer common words."""

    def is_not(self, language: str) -> bool:
        """Whether it surely is in another language than this one."""
        if not self.language or self.language == language:
            return False
        return language in self.surely_not() or language not in {name for name, *_ in self.margins}

    def surely_not(self) -> list[str]:
        """The other languages of its script that it surely is not in."""
        return [name for name, margin, hits in self.margins if margin >= SURE and hits >= FEWEST_HITS]


def guess(text: str) -> Guess:
    """The language of a text, with how sure that is.

    >>> guess("Where does the last bus of the night leave from?").language
    'en'
    >>> guess("Wo fährt heute der letzte Bus ab?").language, guess("最後のバスは何時ですか").language
    ('de', 'ja')
    >>> guess("OK 47!").language
    ''
    """
    import numpy as np

    words = _WORD.findall(text[:LONGEST].casefold())
    script = _script(words)
    if script not in _SCRIPTS:
        return Guess(_ALONE.get(script, script))
    if len(words) < FEWEST_WORDS:
        return Guess("")
    model = _model(script)
    table = np.array([model.word(word) for word in words])
    likelihood, hits = table[:, 0].mean(axis=0), table[:, 1].sum(axis=0)
    best = int(likelihood.argmax())
    others = [at for at in range(len(model.names)) if at != best]
    margins = ((model.names[at], float(likelihood[best] - likelihood[at]), int(hits[best] - hits[at])) for at in others)
    return Guess(model.names[best], tuple(margins))


class _Model:
    """Words and trigrams of the languages of one script."""

    def __init__(self, names: tuple[str, ...]) -> None:
        import numpy as np

        self.names = names
        self._words: dict[str, dict[int, float]] = {}
        counts: dict[str, NDArray[np.float64]] = {}
        for at, name in enumerate(names):
            listed = list(dict.fromkeys(_COMMON[name].split()))
            for word in listed:
                # a single letter is a word of nearly every language
                self._words.setdefault(word, {})[at] = 0.01 if len(word) > 1 else 0.003
                for gram in _trigrams(word):
                    counts.setdefault(gram, np.zeros(len(names)))[at] += 1.0
        total = sum(counts.values()) + 0.3 * len(counts)
        self._grams = {gram: np.log((count + 0.3) / total) for gram, count in counts.items()}
        self._unknown = np.log(0.3 / total)
        self.word = lru_cache(maxsize=1 << 16)(self._word)

    def _word(self, word: str) -> NDArray[np.float64]:
        """(2, languages): log-likelihood of a word (listed with it, or else spelt by its trigrams), and whether it is
        listed."""
        import numpy as np

        spelt = np.mean([self._grams.get(gram, self._unknown) for gram in _trigrams(word)], axis=0)
        listed = np.zeros(len(self.names))
        for at, share in self._words.get(word, {}).items():
            listed[at] = share
        likelihood = np.log(listed + 2e-4 * np.exp(spelt - self._unknown))
        return np.stack([likelihood, (listed > 0) & (len(word) > 1)])


def _trigrams(word: str) -> list[str]:
    padded = f" {word} "
    return [padded[at : at + 3] for at in range(len(padded) - 2)]


@cache
def _model(script: str) -> _Model:
    return _Model(tuple(_SCRIPTS[script].split()))


def _script(words: list[str]) -> str:
    """The script of most letters; any kana makes a text Japanese."""
    counts: dict[str, int] = {}
    if all(map(str.isascii, words)):
        return "Latin"
    for word in words:
        for character in word:
            name = _script_of(character)
            counts[name] = counts.get(name, 0) + 1
    counts.pop("", None)
    if counts.get("Kana", 0) and counts["Kana"] * 10 >= counts.get("Han", 0):
        counts["Kana"] += counts.pop("Han", 0)
    return max(counts, key=lambda name: counts[name]) if counts else "Latin"


@lru_cache(maxsize=1 << 14)
def _script_of(character: str) -> str:
    name = unicodedata.name(character, "")
    first = name.partition(" ")[0]
    if first in ("HIRAGANA", "KATAKANA", "HALFWIDTH"):
        return "Kana"
    if first == "CJK":
        return "Han"
    return "" if "MODIFIER" in name or "COMBINING" in name else first.capitalize()
