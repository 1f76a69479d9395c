"""Messages about a campaign's placeholders: defaults in use and fields without values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_smsbat.models import Preflight
from django_smsbat.services.campaigns.placeholders import ContentTemplate
from django_smsbat.services.composer.preview import FieldSample


def defaults_of(preflight: Preflight) -> list[str]:
    """Describe how many recipients get each default; exact."""
    counts = {name: one["default"] for name, one in preflight.placeholders.items()}
    defaults = ContentTemplate(preflight.campaign.content()).defaults
    return list(_defaults(counts, preflight.recipients, defaults))


def warnings_of(preflight: Preflight) -> list[str]:
    """Warn about fields that no recipient has."""
    return [
        _unknown(_("No recipient on these lists has the field “%(field)s”."), {"field": name}, one)
        for name, one in preflight.placeholders.items()
        if not one["has_value"]
    ]


def sampled_defaults(sample: FieldSample) -> list[str]:
    """Describe how many of the sampled recipients get each default."""
    counts = {name: one.default for name, one in sample.fields.items()}
    lines = list(_defaults(counts, sample.recipients, sample.defaults))
    if lines and not sample.is_everybody:
        lines.append(_("Counted among the first %(count)s.") % {"count": _number(sample.people)})
    return lines


def sampled_warnings(sample: FieldSample) -> list[str]:
    """Warn about fields that none of the sampled recipients has."""
    sentence = _("None of the first %(count)s recipients on these lists has the field “%(field)s”.")
    if sample.is_everybody:
        sentence = _("No recipient on these lists has the field “%(field)s”.")
    count = _number(sample.people)
    return [
        _unknown(sentence, {"field": name, "count": count}, {"suggestion": suggestion})
        for name, suggestion in sample.suggestions.items()
    ]


def _unknown(sentence: str, values: Mapping[str, str], counted: Mapping[str, object]) -> str:
    text = sentence % values
    suggestion = counted.get("suggestion")
    if not suggestion:
        return text
    proposal = _("Did you mean “%(field)s”?") % {"field": suggestion}
    return f"{text} {proposal}"


def _defaults(
    counts: Mapping[str, int], recipients: int, defaults: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    for name, texts in defaults.items():
        count = counts.get(name, 0)
        if count:
            values = {
                "count": _number(count),
                "total": _number(recipients),
                "default": _listed(texts),
                "field": name,
            }
            yield _sentence(texts, count) % values


def _sentence(texts: Sequence[str], count: int) -> str:
    if not any(texts):
        return ngettext(
            "%(count)s of %(total)s gets nothing for {{ %(field)s }}.",
            "%(count)s of %(total)s get nothing for {{ %(field)s }}.",
            count,
        )
    return ngettext(
        "%(count)s of %(total)s gets the default “%(default)s” for {{ %(field)s }}.",
        "%(count)s of %(total)s get the default “%(default)s” for {{ %(field)s }}.",
        count,
    )


def _listed(texts: Iterable[str]) -> str:
    return "”, “".join(filter(None, texts))


def _number(count: int) -> str:
    return number_format(count, use_l10n=True, force_grouping=True)
