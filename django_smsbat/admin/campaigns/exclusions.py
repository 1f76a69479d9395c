"""Labels of the reasons for which a campaign excludes recipients."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_smsbat.services.campaigns.rendering import Exclusion

EXCLUSION_LABELS: Final[dict[Exclusion, Promise]] = {
    Exclusion.OPTED_OUT: _("opted out"),
    Exclusion.INVALID_NUMBER: _("not a phone number"),
    Exclusion.MISSING_VALUE: _("no value for a placeholder"),
    Exclusion.INVALID_CONTENT: _("the text does not fit once it is filled in"),
}
