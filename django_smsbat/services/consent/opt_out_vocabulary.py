"""Vocabulary by meaning, in Ukrainian, Russian, English and Latin transliteration.

Add word forms and common misspellings here. An entry that ends in ``*`` is a stem: it matches all
words with that beginning. A word may have several meanings.
"""

from collections.abc import Mapping
from typing import Final

from django_smsbat.services.consent.folding import words

MEANINGS: Final[Mapping[str, str]] = {
    # Negations, and words that distinguish a statement from a request.
    "NOT": "не нє ne",
    "DONT": "dont never",
    "BARE_NOT": "not",
    "IS_NOT": "didnt havent wasnt",
    "SUBJECT": "i you we they u",
    "AUXILIARY": "did does have has had could can is are was were will would im",
    "DO": "do",
    "NO": "no",
    # Actions of the sender of messages. Parcels are sent, too, so SEND needs more than WRITE.
    "WRITE": "пишіть пишіте пишить пишите пишіт пиши писати писать турбуйте турбувати турбуй"
    " тривожте беспокойте беспокоить беспокой тревожьте тревожить спамте спамьте спамити спамить"
    " надокучайте докучайте набридайте надоедайте діставайте доставайте"
    " text txt contact bother disturb spam pyshit pyshite pishit pishite pyshy pishi pisat pysaty",
    "SEND": "надсилайте надсилай надсилати надсилать присилайте присилай присилати присылайте"
    " присылай присылать шліть шлите шли слати слать шлить відсилайте висилайте відсилати"
    " отсылайте отсылать высылайте высылать скидуйте скидайте кидайте відправляйте відправляти"
    " отправляйте отправлять send message email prysylaite prysylayte prisylayte prisilayte"
    " nadsylayte nadsylaite shlit shlite slat",
    "SENDING": "надсила* присила* присыла* писал* пишете пишуть шлете шлють шлют приходил*"
    " надходил* texting messaging sending spamming emailing contacting calling bothering"
    " disturbing harassing",
    "CALL": "телефонуйте телефонувати дзвоніть дзвонити звоните звонить call",
    "CEASE": "припиніть припинить припини прекратите прекрати перестаньте перестань зупиніть"
    " зупинить остановите остановить хватит досить годі hvatit khvatit stop стоп quit cease enough",
    "RECEIVE": "отримувати получати получать receive receiving",
    "WANT": "хочу хочемо хотим бажаю бажаємо желаю want wish wanna",
    "WANTED": "потрібн* нужн* цікав* интерес* interested",
    # Objects that are sent.
    "MAILING": "повідомлен* сообщен* смс sms смск* смсок розсил* рассыл* россыл* реклам*"
    " messages texts notification* newsletter* promos promotion* adverts advertis* ads"
    " підписк* подписк* subscription* rassylk* rozsylk* reklam*",
    "ANYTHING": "нічого ничего anything nothing",
    "SPAM": "спам spam спама спаму спамом спамить спамите спамите спамери спамеры spammer*"
    " spammers спамити",
    "INTO": "в у во із зі з из со to in into from my your the",
    # References to the person, and fillers.
    "ME": "мене меня нас me us mene menya",
    "MY": "мій мої моего мого мои мой мою my our moy",
    "TO_ME": "мені мне нам me us meni mne сюди сюда",
    "MORE": "більше больше бильше ніколи никогда надалі впредь anymore again more ever any bilshe"
    " bolshe",
    "FILLER": "будь ласка пліз плиз прошу пожалуйста дякую спасибі спасибо привіт привет вітаю"
    " добрий добрый день доброго дня please pls plz kindly just thanks thank hi hello вже уже"
    " взагалі вообще зовсім совсем просто й і и а та а то to so"
    " треба потрібно надо нужно варто стоит смійте смейте need щоб чтобы шоб ви вы ти ты"
    " ваш* your цей ці цих це это эти этих этот такі таких подібн* this these such keep going",
    "OR": "or nor and чи або или ни і и й та",
    # Requests to be removed.
    "REMOVE": "видаліть видали видаліте видалить видалити видалите приберіть прибери прибрати"
    " вилучіть виключіть викресліть зітріть зніміть удалите удали удалить уберите убери убрать"
    " исключите вычеркните снимите сотрите remove delete erase vydalit udalite",
    "TAKE": "take get",
    "FETCH": "заберіть заберите lose forget",
    "OFF": "off out",
    "NUMBER": "номер номера телефон контакт* number phone дані данные data details nomer",
    "LIST": "списк* баз* розсил* рассыл* list lists database mailing spysk* spisk*",
    "UNSUBSCRIBE": "unsubscri* unsub optout unsubsribe unsuscribe відписатис* отписатьс* отписатса"
    " відписуюс* отписываюс* відписк* отписк* vidpysat* otpisat*"
    " stopsms smsstop стопсмс смсстоп",
    # These also mean "answer": a person has to review a message without an object.
    "UNSUBSCRIBE_FROM": "відпишіться відпишиться відпишитесь відпишись отпишитесь отпишись",
    "UNSUBSCRIBE_WHOM": "відпишіть відпишить відписати отпишите отписать відпиши отпиши vidpyshit"
    " otpishite",
    "OPT": "opt",
    "SUBSCRIBED": "підписува* подписывал* subscribe subscribed sign signed",
    "GAVE": "давав давала давали давал дав дала give gave",
    "CONSENT": "згод* соглас* consent* permission",
    "REFUSE": "відмовля* відмов* отказ* откаж* скасу* відмін* отмен* відключ* отключ* вимкн*"
    " выключ* cancel disable",
    # Anger.
    "LEAVE": "leave залиште залишіть оставьте облиште дайте",
    "ALONE": "alone спокої спокою спокій покое покой",
    "GO_AWAY": "відчепіт* відчепис* отстаньте отстань відстаньте відстань отвяжитес* відвяжіт*"
    " отвали* відвали* заблокую блокую заблокирую блокирую harass* harrass*"
    " нахер нахуй заебал* заєбал*",
    "SWEAR": "fuck piss bugger sod",
    "FED_UP": "набридл* надоел* надокучил* задовбал* задолбал* заколебал* замахал* задрали"
    " достали дістали",
    "CURTLY": "remove delete видалити удалить nomore basta",
    # Invitations to contact: these people want to hear from the sender.
    "INVITE": "пишіть пишіте пишите пиши напишіть напишить напишите напиши відпишіться отпишитесь"
    " надішліть пришліть пришлите відправте отправьте скиньте телефонуйте дзвоніть звоните"
    " зателефонуйте подзвоніть передзвоніть позвоните перезвоните наберіть наберите",
    "INVITE_ME": "call text message email contact write phone ring",
}
# Other objects that people ask not to send, remove or cancel, and conditions ("until Monday").
OTHER_SUBJECTS: Final = (
    "замовлен* заказ* посилк* посылк* товар* відправлен* доставк* відділен* отделен* курєр* курер*"
    " курьер* адрес* чек* накладн* пошт* почт* ттн оплат* рахун* счет* счета коробк* пакун*"
    " упаков* листівк* открытк* цін* ціну цен* позиці* позици* кошик* корзин* штук* шт розмір*"
    " размер* колір цвет* мові мовою українськ* російськ* русск* украинск*"
    " заберу заберемо забере самовив* самовыв* картк* карту кошт* гроші деньги"
    " order* parcel* package* deliver* shipping courier*"
    " address* item* cart basket product* invoice* payment* appointment* booking* meeting*"
    " reservation* запис* візит* визит* бронюв* бронь зустріч* встреч* папк* лист* письм* folder*"
    " перевір* провер* check* inbox поки пока до раніше раньше without until before yet ніж чем"
    " than без"
)
# Question words, and words that change the meaning of a keyword ("stop by").
DOUBTS: Final = (
    "чому що шо як коли де навіщо нащо хто скільки почему что как когда где зачем кто сколько"
    " why what when where how who by"
)
# Words allowed beside any keyword (COURTESY), and beside a strict keyword (THE_MAILING).
COURTESY: Final = frozenset(
    words(
        "please pls plz thanks thank you thx ty kindly sir hi hello дякую спасибі спасибо"
        " благодарю будь ласка пліз плиз прошу пожалуйста привіт привет вітаю здравствуйте"
        " добрий добрый день доброго дня вечір вечора вечер"
    )
)
THE_MAILING: Final = frozenset(
    words(
        "sms смс messages texts consent згоду згода від от from your all"
        " повідомлення повідомлень сообщения сообщений розсилки розсилку розсилка розсилок"
        " рассылки рассылку рассылка рассылок вашої ваших"
    )
)
_STEM_MIN: Final = 2  # letters


class Vocabulary:
    """Words and stems, each with its meanings."""

    def __init__(self, listed: Mapping[str, str]) -> None:
        self._whole: dict[str, set[str]] = {}
        self._stems: dict[str, set[str]] = {}
        for meaning, entries in listed.items():
            for entry in entries.split():
                known = self._stems if entry.endswith("*") else self._whole
                [folded] = words(entry)
                known.setdefault(folded, set()).add(meaning)

    def meanings_of(self, word: str) -> frozenset[str]:
        """Return all meanings of a word from `folding.words`."""
        meanings = set(self._whole.get(word, ()))
        for length in range(_STEM_MIN, len(word) + 1):
            meanings |= self._stems.get(word[:length], set())
        return frozenset(meanings)
