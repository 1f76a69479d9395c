"""Two ready-made pages: request a code, enter it.

Each calls one service and shows the result. Subclass them, or override their templates.
"""

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import NoReverseMatch
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.generic import FormView, TemplateView

from django_smsbat.endpoints.public import PublicView
from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.models import Channel, Verification, VerificationStatus
from django_smsbat.services.verification.checking import check
from django_smsbat.services.verification.refusals import NotStarted
from django_smsbat.services.verification.starting import start
from django_smsbat.verification import session
from django_smsbat.verification.forms import CodeForm, StartForm
from django_smsbat.verification.requester import SendsCodes
from django_smsbat.verification.sentences import NOT_VERIFIED, why_not_started, why_not_verified

logger = logging.getLogger("django_smsbat")

if TYPE_CHECKING:
    _StartBase = FormView[StartForm]
    _CheckBase = FormView[CodeForm]
else:
    _StartBase = _CheckBase = FormView

_SECRETIVE = method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")


class _Page(PublicView):
    """Base class of all pages.

    Attributes:
        start_url: the name of a URL, or a URL.
    """

    start_url = "smsbat-verification:start"

    def url_for(self, to: Any) -> str:
        """Return the URL of that name, with the kwargs of a prefix (``<slug:shop>/verify/``)."""
        try:
            return resolve_url(to)
        except NoReverseMatch:
            return resolve_url(to, **self.kwargs)


class _Verification(SendsCodes, _Page):
    """Base class of the pages that send codes.

    Attributes:
        check_url, success_url: names of URLs, or URLs. After success, the URL in ``?next=`` takes
            precedence if it is on this site.
    """

    check_url = "smsbat-verification:check"
    success_url: Any = "smsbat-verification:done"

    def send_code(self, request: HttpRequest, phone: str, channel: str) -> Verification:
        return start(
            phone,
            channel,
            purpose=self.purpose,
            address=self.requester_of(request),
            replaces=session.id_under_way(request, self.purpose),
        )


@_SECRETIVE
class StartView(_Verification, _StartBase):
    """Requests the phone and sends the code."""

    form_class = StartForm
    template_name = "django_smsbat/verification/start.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        session.insist_on_one(request)
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "channels": self.offered()}

    def phone_to_offer(self, request: HttpRequest) -> str:
        """Return the phone to prefill. Override it if the project knows the visitor's phone.

        It is not a URL parameter: access logs and the browser's history store URLs.
        """
        return ""

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "phone": self.phone_to_offer(self.request)}

    def form_valid(self, form: StartForm) -> HttpResponse:
        phone, channel = form.cleaned_data["phone"], form.cleaned_data["channel"]
        try:
            self.may_start(self.request, self.request.POST)
            verification = self.send_code(self.request, phone, channel)
        except ValidationError as error:
            return self._refused(form, error)
        except NotStarted as error:
            return self._refused(form, ValidationError(why_not_started(error)))
        except (InvalidMessage, ImproperlyConfigured) as error:
            return self._invalid(form, error)
        if verification.status == VerificationStatus.FAILED:
            message = str(NOT_VERIFIED[VerificationStatus.FAILED])
            return self._refused(form, ValidationError(message))
        session.remember(self.request, verification)
        session.remember_next(self.request, self._next())
        return redirect(self.url_for(self.check_url))

    def _invalid(
        self, form: StartForm, error: InvalidMessage | ImproperlyConfigured
    ) -> HttpResponse:
        """Show an error for a wrong phone; the visitor cannot fix any other error."""
        if isinstance(error, InvalidMessage) and error.field == "phone":
            message = _("Give a phone number, such as +380671112233.")
            return self._refused(form, ValidationError({"phone": message}))
        return _as_unavailable(self._refused(form, ValidationError(_unavailable(error))))

    def _refused(self, form: StartForm, error: ValidationError) -> HttpResponse:
        """Show the form again, with errors at the fields that they name, if the form has them."""
        by_field = error.error_dict if hasattr(error, "error_dict") else {None: error}
        for name, errors in by_field.items():
            form.add_error(name if name in form.fields else None, errors)
        return self.form_invalid(form)

    def _next(self) -> str:
        wanted = str(self.request.POST.get("next") or self.request.GET.get("next") or "")
        hosts = {self.request.get_host()}
        is_safe = url_has_allowed_host_and_scheme(
            wanted, hosts, require_https=self.request.is_secure()
        )
        return wanted if is_safe else ""


def _unavailable(error: Exception) -> str:
    """Return a message for the visitor, who cannot fix the error, and log it for the operators."""
    logger.error("no code can be sent: %s", error)
    return _("No codes can be sent at the moment.")


def _as_unavailable(response: HttpResponse) -> HttpResponse:
    response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return response


@_SECRETIVE
class CheckView(_Verification, _CheckBase):
    """Requests the code; sends another one if the visitor requests it."""

    form_class = CodeForm
    template_name = "django_smsbat/verification/check.html"
    found: Verification

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = session.under_way(request, self.purpose)
        if found is None:
            return redirect(self.url_for(self.start_url))
        self.found = found
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "again" in request.POST:
            return self._again(request)
        return super().post(request, *args, **kwargs)

    @method_decorator(sensitive_variables())
    def form_valid(self, form: CodeForm) -> HttpResponse:
        checked = check(self.found.id, form.cleaned_data["code"], purpose=self.purpose)
        if not checked:
            form.add_error("code", why_not_verified(checked))
            self.found.refresh_from_db()
            return self.form_invalid(form)
        next_url = session.succeeded(self.request, self.found.purpose, checked.proof)
        return self.verified(checked.phone, next_url)

    def verified(self, phone: str, next_url: str) -> HttpResponse:
        """Return the response after success. Override it to log a user in or store the phone."""
        return HttpResponseRedirect(next_url or self.url_for(self.success_url))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        status = VerificationStatus(self.found.status)
        if status is not VerificationStatus.PENDING:
            kwargs.setdefault("told", str(NOT_VERIFIED[status]))
        is_call = self.found.channel == Channel.FLASH_CALL
        own = {
            "verification": self.found,
            "is_call": is_call,
            "may_enter": status is VerificationStatus.PENDING,
            "others": [one for one in self.offered() if one != self.found.channel],
        }
        start_url = self.url_for(self.start_url)
        return {**super().get_context_data(**kwargs), **own, "start_url": start_url}

    def _again(self, request: HttpRequest) -> HttpResponse:
        """Send another code to the same phone, by the same or another channel."""
        form = self.get_form_class()()
        wanted = request.POST["again"]
        channel = wanted if wanted in self.offered() else self.found.channel
        try:
            verification = self.send_code(request, self.found.phone, channel)
        except NotStarted as error:
            return self._render_with_message(form, why_not_started(error))
        except (InvalidMessage, ImproperlyConfigured) as error:
            return _as_unavailable(self._render_with_message(form, _unavailable(error)))
        session.remember(request, verification)
        self.found = verification
        if verification.status == VerificationStatus.FAILED:
            return self._render_with_message(form, str(NOT_VERIFIED[VerificationStatus.FAILED]))
        return redirect(self.url_for(self.check_url))

    def _render_with_message(self, form: CodeForm, message: str) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form, told=message))


@method_decorator(never_cache, name="dispatch")
class DoneView(_Page, TemplateView):
    """Confirms success, for projects without a page of their own."""

    template_name = "django_smsbat/verification/done.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        phone = session.last_phone_of(self.request)
        start_url = "" if phone else self.url_for(self.start_url)
        return {**super().get_context_data(**kwargs), "phone": phone, "start_url": start_url}
