"""Messages in customers' style. None of them is real."""

# Requests to opt out that no keyword makes certain.
PROBABLE = """
не пишіть мені більше
Не пишіть мені більше!!!
більше не надсилайте
Більше мені нічого не надсилайте
видаліть мій номер
Видаліть мій номер з вашої бази
Заберіть мій номер з бази
приберіть мене зі списку
Приберіть мене з розсилки, будь ласка
відпишіть мене
Відпишіть мене від цієї розсилки
Хочу відписатися
як відписатися від розсилки?
Не турбуйте мене
Не шліть мені смс
мені не потрібна ваша реклама
Мене не цікавить, не пишіть
Не хочу отримувати ваші повідомлення
Не хочу щоб ви мені писали
Дайте мені спокій
Відчепіться від мене
припиніть надсилати мені повідомлення
Перестаньте мені писати
досить спамити
Набридли вже зі своєю рекламою
відмовляюсь від розсилки
скасуйте підписку
я не підписувався на вашу розсилку
Та не шліть ви мені нічого
Я вже просила не писати мені
Скільки можна слати ці смс, припиніть
Це спам
не пишiть менi бiльше
HE пишiть мeнi
Не  пишить мені
хватит слать
Хватит слать эту рекламу
не пишите
Больше не пишите мне пожалуйста
удалите мой номер
Удалите меня из базы
прошу удалить мой номер из вашей базы
Не беспокойте меня
Я не хочу получать рассылку
Не хочу чтобы мне приходили сообщения
Не надо мне ничего присылать
оставьте меня в покое
отстаньте
Прекратите рассылку
Надоели ваши сообщения
Как отписаться?
Отписаться можно?
Я не давал согласия на рассылку
Вы спамеры
remove me
Please remove me from your list
please stop texting me
leave me alone
Don't text me at this number
take me off your list
Take my number off your list
Please unsubscribe me from this
how do I unsubscribe
this is spam
I don't want these messages
I don't want to receive your texts anymore
no more messages please
do not text me
Don't contact me again
never message me again
I did not subscribe to this
I want to opt out
You keep texting me, please stop
Lose my number
ne pyshit meni bilshe
ne pishite mne bolshe
""".strip().splitlines()

# Messages that begin with a keyword and might mean something else.
DOUBTFUL_KEYWORD = [
    "STOP 12345",
    "STOP!!! 5",
    "STOP the bus at 5",
    "STOP my order",
    "Стоп доставку, будь ласка",
    "Стоп чому?",
    "Stop by tomorrow",
    "Стоп, а коли доставка",
    "STOP START",
    "STOP. " + "I have asked you many times. " * 5,
    "cancel?",
    "QUIT 5",
]

ORDINARY = """
Дякую!
Дякую, все отримала
Коли буде доставка?
Де моє замовлення?
Скасуйте замовлення 12345
Хочу скасувати замовлення
Не надсилайте посилку до понеділка
Не відправляйте замовлення, я передумала
Не відправляйте поки
Зупиніть відправлення, я помилилась адресою
Не пишіть на коробці ціну
не пишіть на вайбер, телефонуйте
Не дзвоніть, напишіть у вайбер
Не пишіть мені російською
Видаліть, будь ласка, одну позицію із замовлення
Надішліть номер накладної
Мені не надіслали номер накладної
Чому ви мені не пишете?
Не прийшло смс з кодом
Я не отримую повідомлення про замовлення
Не хочу чекати, повідомлення так і не прийшло
Лист потрапив у спам, надішліть ще раз
Перевірте, будь ласка, спам
Відпишіть мені, коли буде в наявності
Не турбуйтесь, все добре
Дякую, не цікавить
Ні, дякую
Не стоп
Стоп-кран зламався
Стопка книг за 300
Хочу більше інформації
Не більше двох штук
Залиште посилку біля дверей
Заблокували картку, не можу оплатити
Змініть мій номер телефону на інший
Телефонуйте за годину до доставки
реклама у вас класна
Як підписатися?
👍
Не присылайте курьера до 12
Отпишитесь как получите
Отмените заказ 55
Отмена записи на завтра
Не беспокойтесь, я подожду
Почему не пишете?
Хватит двух штук
Удалите из заказа одну позицию
Не могу писать отзыв
Не надо присылать, заберу сам
Больше не нужно, спасибо
Не могу войти, удалил приложение
Оставьте у двери
Когда привезут?
Help us stop that law!
Don't stop
UNSTOP
Stopka
cancel my order
cancel order 5
Please cancel my booking
end of month?
quit smoking
When will my order arrive?
Call me please
Text me when it is ready
Don't text me, call me
He text me yesterday
I didn't receive the parcel
You don't send me coupons, why
Why don't you text me back
I do not see a text from you
Don't send it yet
Remove the blue one from my order
Where is the bus stop?
What time do you stop working?
We can stop by later
leave it at the door
My email went to spam
Check your spam folder
Please add me to the list
I want to get your newsletter
No more questions, thanks
I will contact you later
""".strip().splitlines()
