"""Which messages opt the sender out or in, which need a user's decision, and which are ordinary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.conf.opt_out_keywords import OPT_OUT_KEYWORDS, Beside
from django_smsbat.services.consent import keywords, opt_out_vocabulary
from django_smsbat.services.consent.folding import READ_MAX, fold, words
from django_smsbat.services.consent.keywords import Intent, intent_of
from django_smsbat.services.consent.opt_out_wording import PHRASES
from tests.services.consent.opt_out_corpus import DOUBTFUL_KEYWORD, ORDINARY, PROBABLE

PERMISSIVE = [word for word, beside in OPT_OUT_KEYWORDS.items() if beside is Beside.FEW_WORDS]
STRICT = [word for word, beside in OPT_OUT_KEYWORDS.items() if beside is Beside.COURTESY]
KEYWORD = st.sampled_from(list(OPT_OUT_KEYWORDS))
DECORATION = st.text('., !…«»"()[]:;*~_🙏😡🛑👍\ufe0f\u200b\u2060', max_size=5)


class TestForgiving:
    @pytest.mark.parametrize(
        "text",
        [
            "STOP",
            "stop",
            " Stop! ",
            "«СТОП»",
            "с т о п",
            "S.T.O.P.",
            "CTОП",  # the first three letters are Latin
            "ЅТOP",
            "ST0P",
            "ｓｔｏｐ",
            "Відписатись",
            "вiдписатися",  # with a Latin i
            "ВІДПИСКА 🙏",
            "sto\u200bp",
            "🛑 stop",
            "opt-out",
            "Opt Out",
            "OptOut",
            "STOP?",  # it has no other meaning
        ],
    )
    def test_case_punctuation_spaces_and_look_alikes_are_forgiven(self, text):
        assert keywords.asks_to_opt_out(text) is True

    @given(KEYWORD, DECORATION, DECORATION, st.booleans())
    def test_decoration_and_case_never_change_the_result(self, keyword, before, after, is_lower):
        text = f"{before}{keyword.lower() if is_lower else keyword}{after}"
        assert keywords.asks_to_opt_out(text) is True

    @given(st.text(max_size=200))
    def test_any_text_is_read(self, text):
        assert intent_of(text) in Intent
        assert fold(fold(text)) == fold(text)

    @given(st.sampled_from(PROBABLE + ORDINARY + DOUBTFUL_KEYWORD), DECORATION)
    def test_decoration_never_changes_what_a_person_is_asked(self, text, decoration):
        assert intent_of(f"{decoration} {text} {decoration}") is intent_of(text)


class TestWhatFollows:
    @pytest.mark.parametrize("keyword", PERMISSIVE)
    @pytest.mark.parametrize(
        "rest",
        [" please", ", дякую", " {0}", "!!! {0}", " спасибо, {0}", " me now", " it ok bye"],
    )
    def test_few_words_courtesy_and_repetition(self, keyword, rest):
        assert keywords.asks_to_opt_out(keyword + rest.format(keyword)) is True

    @pytest.mark.parametrize("keyword", STRICT)
    @pytest.mark.parametrize(
        "rest", [" please", ", дякую", " {0}", " sms", " від розсилки", " STOP"]
    )
    def test_beside_a_stricter_keyword_only_courtesy(self, keyword, rest):
        assert keywords.asks_to_opt_out(keyword + rest.format(keyword)) is True

    @pytest.mark.parametrize("keyword", STRICT)
    @pytest.mark.parametrize("rest", ["?", " my order", " it", " of month", " smoking", " 5"])
    def test_beside_a_stricter_keyword_nothing_else(self, keyword, rest):
        assert keywords.asks_to_opt_out(keyword + rest) is None

    @pytest.mark.parametrize(
        "signature",
        [
            "\n\nSent from my iPhone",
            "\r\nНадіслано з iPhone",
            "\nОтправлено с iPhone 15",
            "\n-- \nIvan Petrenko, +380671112233",
            "\n—\nIvan, office 12",
            "\n  Regards,\nIvan, room 5",
            "\nЗ повагою, Іван, 0671112233",
            "\n> Sale 20%! Reply STOP",
            "\nGet Outlook for iOS 17 <https://example.com>" + "." * READ_MAX,
        ],
    )
    @pytest.mark.parametrize("keyword", ["STOP", "CANCEL", "START"])
    def test_a_signature_does_not_count(self, keyword, signature):
        assert intent_of(keyword + signature) is intent_of(keyword)

    def test_a_signature_needs_a_line_of_its_own(self):
        assert keywords.asks_to_opt_out("STOP the sale regards to 5 people") is None

    @given(KEYWORD, st.sampled_from(["", " ", "\n", ". ", "-"]), st.integers(2, 10**6))
    def test_a_digit_after_the_keyword_leaves_it_to_a_person(self, keyword, between, number):
        assert keywords.asks_to_opt_out(f"{keyword}{between}{number}") is None

    @pytest.mark.parametrize("digit", ["٣", "５", "²", "①", "5️⃣", "0", "1"])
    def test_any_digit_counts(self, digit):
        assert intent_of(f"STOP {digit}") is Intent.MAY_BE_OPT_OUT

    def test_three_words_are_few_and_four_are_not(self):
        assert keywords.asks_to_opt_out("STOP one two three") is True
        assert keywords.asks_to_opt_out("STOP one two three four") is None
        assert keywords.asks_to_opt_out("STOP one, please, two STOP three") is True

    @pytest.mark.parametrize(("stops", "intent"), [(20, True), (21, None)])
    def test_a_long_message_is_left_to_a_person(self, stops, intent):
        text = " ".join(["STOP"] * stops)
        assert (len(text) <= 100) is bool(intent)
        assert keywords.asks_to_opt_out(text) is intent

    def test_what_is_beyond_the_limit_is_not_read(self):
        assert intent_of("a" * READ_MAX + " unsubscribe me") is Intent.OTHER


class TestNoKeyword:
    @pytest.mark.parametrize(
        "text",
        ["", "...", "Не стоп", "Stopka", "Стоп-кран зламався", "don't stop", "stop" * 99, "send"],
    )
    def test_the_keyword_comes_first_and_is_a_word(self, text):
        assert keywords.asks_to_opt_out(text) is None

    def test_politeness_first_is_left_to_a_person(self):
        assert intent_of("please stop") is Intent.MAY_BE_OPT_OUT


class TestHints:
    @pytest.mark.parametrize(
        "text",
        [
            "Відпишіться від мене",
            "відпишіться",
            "Отпишитесь",
            "Отпишитесь, пожалуйста",
            "отпишитесь от меня со своей рекламой",
            "відпишіться з розсилкою",
            "стопп",
            "STOPP",
            "SSTOP!",
            "Стопп, дякую",
            "STOPSMS",
            "StopSMS please",
            "stop-sms",
            "СМС стоп",
            "🛑",
            "🛑🛑 !",
            "⛔️",
            "<b>STOP</b>",
            "<p>СТОП</p>",
            "<div class='x'><b>не пишіть</b> мені</div>",
        ],
    )
    def test_what_hints_at_an_opt_out_is_left_to_a_person(self, text):
        assert intent_of(text) is Intent.MAY_BE_OPT_OUT

    @pytest.mark.parametrize(
        "text",
        [
            "Відпишіться мені",
            "Відпишіться, як отримаєте",
            "Отпишитесь мне о доставке",
            "🛑 ремонт дороги",
            "🙏",
            "<b>Дякую</b>",
            "1 < 2 > stop",
            "good morning",
            "off",
        ],
    )
    def test_what_is_like_it_is_ordinary(self, text):
        assert intent_of(text) is Intent.OTHER

    @pytest.mark.parametrize(
        "text",
        [
            "Стоп, не відписуйте",
            "Стоп, не отписывайте меня",
            "STOP don't unsubscribe me",
            "STOP do not unsubscribe",
            "stop not",
            "СТОП не треба",
        ],
    )
    def test_a_negation_after_the_keyword_is_left_to_a_person(self, text):
        assert intent_of(text) is Intent.MAY_BE_OPT_OUT

    @pytest.mark.parametrize(
        "text",
        [
            "STOP don't text me",
            "Стоп, не пишіть мені",
            "стоп не хочу",
            "STOP не шліть нічого",
            "STOP not interested",
        ],
    )
    def test_a_negation_of_messages_leaves_the_keyword_certain(self, text):
        assert intent_of(text) is Intent.OPT_OUT


class TestOptIn:
    @pytest.mark.parametrize(
        "text",
        ["start", "СТАРТ!", "Підписатись", "un stop", "UN-STOP", "START please", "start start"],
    )
    def test_the_keyword_with_courtesy_opts_in(self, text):
        assert keywords.asks_to_opt_out(text) is False

    @pytest.mark.parametrize(
        "text",
        [
            "START now",
            "start?",
            "START 5",
            "Старт продажів",
            "START STOP",
            "please start",
            "start " * 20,
        ],
    )
    def test_anything_less_certain_does_not(self, text):
        assert keywords.asks_to_opt_out(text) is None


class TestSettings:
    @pytest.fixture
    def listed(self, settings):
        def use(*opt_outs, **more):
            own = {"OPT_OUT_KEYWORDS": [*opt_outs], **more}
            settings.SMSBAT = {**settings.SMSBAT, **own}

        return use

    def test_a_site_s_own_list_replaces_the_default(self, listed):
        listed("Годі", "")
        assert keywords.asks_to_opt_out("годі!") is True
        assert keywords.asks_to_opt_out("stop") is None
        assert keywords.asks_to_opt_out("") is None

    def test_a_site_s_own_keyword_gets_the_stricter_rule(self, listed):
        listed("Годі", "STOP")
        assert keywords.asks_to_opt_out("Годі, дякую") is True
        assert keywords.asks_to_opt_out("Годі вже тих дощів") is None
        assert keywords.asks_to_opt_out("stop these texts") is True

    def test_a_keyword_may_have_several_words_and_digits(self, listed):
        listed("не хочу", "STOP 1")
        assert keywords.asks_to_opt_out("Не хочу, дякую") is True
        assert keywords.asks_to_opt_out("не хочу чекати") is None
        assert keywords.asks_to_opt_out("stop 1") is True
        assert keywords.asks_to_opt_out("stop 2") is None

    def test_a_keyword_on_both_lists_opts_out(self, listed):
        listed("GO", OPT_IN_KEYWORDS=["GO"])
        assert keywords.asks_to_opt_out("go go") is True

    def test_without_keywords_nothing_opts_out_by_itself(self, listed):
        listed()
        assert keywords.asks_to_opt_out("STOP") is None


class TestWording:
    @pytest.mark.parametrize("text", PROBABLE)
    def test_a_request_in_other_words_is_left_to_a_person(self, text):
        assert intent_of(text) is Intent.MAY_BE_OPT_OUT

    @pytest.mark.parametrize("text", DOUBTFUL_KEYWORD)
    def test_a_keyword_that_is_not_certain_is_left_to_a_person(self, text):
        assert keywords.asks_to_opt_out(text) is None
        assert keywords.probably_asks_to_opt_out(text)

    @pytest.mark.parametrize("text", ORDINARY)
    def test_ordinary_messages_are_left_alone(self, text):
        assert not keywords.probably_asks_to_opt_out(text)
        assert keywords.asks_to_opt_out(text) is not True

    def test_what_is_certain_is_not_probable(self):
        assert not keywords.probably_asks_to_opt_out("STOP")

    @pytest.mark.parametrize("text", ["не пишіть мені", "please remove me", "удалите мой номер"])
    def test_case_stretched_letters_and_apostrophes_do_not_matter(self, text):
        for other in (text.upper(), text.title(), text + text[-1] * 4, text.replace(" ", "\n")):
            assert intent_of(other) is Intent.MAY_BE_OPT_OUT
        assert intent_of("dont text me") is intent_of("don’t text me") is Intent.MAY_BE_OPT_OUT

    def test_each_phrase_uses_meanings_that_have_words(self):
        for phrase in PHRASES:
            used = {*phrase.meanings.replace("|", " ").split(), phrase.needs} - {"..", ""}
            assert used <= opt_out_vocabulary.MEANINGS.keys()

    def test_each_entry_of_the_vocabulary_is_one_word(self):
        for entries in opt_out_vocabulary.MEANINGS.values():
            assert all(len(words(entry)) == 1 for entry in entries.split())
