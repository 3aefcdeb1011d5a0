#include "lib/core/texts.h"

#include "lib/base/when.h"
#include "lib/core/article.h"

#include <stdio.h>
#include <string.h>

#define TIME_FIELD "{{tijd}}"
#define LINK_FIELD "{{link}}"

/* field: stands in the text once; NULL: none does */
static const struct kind {
	const char *name, *field;
} kinds[N_TEXT_KINDS] = {
	[TEXT_HELP_NOW] = {"helpNow", NULL},
	[TEXT_HELP_LATER] = {"helpLater", TIME_FIELD},
	[TEXT_HELP_CALL] = {"helpCall", TIME_FIELD},
	[TEXT_CALLBACK] = {"callback", TIME_FIELD},
	[TEXT_CALLBACK_NUMBER] = {"callbackNumber", TIME_FIELD},
	[TEXT_COUNTER] = {"counter", TIME_FIELD},
	[TEXT_CALL_FIRST] = {"callFirst", NULL},
	[TEXT_CALL_AHEAD] = {"callAhead", "{{aantal}}"},
	[TEXT_CALL_WAIT] = {"callWait", "{{minuten}}"},
	[TEXT_CALL_OFFER] = {"callOffer", NULL},
	[TEXT_CALL_CLOSED] = {"callClosed", TIME_FIELD},
	[TEXT_CALL_NOBODY] = {"callNobody", NULL},
	[TEXT_CALL_HIDDEN] = {"callHidden", NULL},
	[TEXT_MENU_HELP] = {"menuHelp", NULL},
	[TEXT_MENU_BUTTON] = {"menuButton", NULL},
	[TEXT_MENU_REPLY] = {"menuReply", NULL},
	[TEXT_STATUS_WAITING] = {"statusWaiting", NULL},
	[TEXT_STATUS_WORKING] = {"statusWorking", NULL},
	[TEXT_STATUS_CALL] = {"statusCall", NULL},
	[TEXT_STATUS_TASK] = {"statusTask", NULL},
	[TEXT_STATUS_ANSWERED] = {"statusAnswered", NULL},
	[TEXT_STATUS_REFERRED] = {"statusReferred", NULL},
	[TEXT_STATUS_NOT_OURS] = {"statusNotOurs", NULL},
	[TEXT_STATUS_MISSED] = {"statusMissed", NULL},
	[TEXT_STATUS_CLOSED] = {"statusClosed", NULL},
	[TEXT_NEXT_ANSWER] = {"nextAnswer", TIME_FIELD},
	[TEXT_NEXT_PROMISE] = {"nextPromise", TIME_FIELD},
	[TEXT_NEXT_LATE] = {"nextLate", NULL},
	[TEXT_NEXT_NOTHING] = {"nextNothing", NULL},
	[TEXT_NEXT_WRITE] = {"nextWrite", NULL},
	[TEXT_NEXT_ELSEWHERE] = {"nextElsewhere", NULL},
	[TEXT_SURVEY_INVITE] = {"surveyInvite", LINK_FIELD},
	[TEXT_SURVEY_GRADE] = {"surveyGrade", NULL},
	[TEXT_SURVEY_SPEED] = {"surveySpeed", NULL},
	[TEXT_SURVEY_HELPED] = {"surveyHelped", NULL},
	[TEXT_SURVEY_EASE] = {"surveyEase", NULL},
	[TEXT_SURVEY_SOLVED] = {"surveySolved", NULL},
	[TEXT_SURVEY_WHY] = {"surveyWhy", NULL},
	[TEXT_RECEIPT] = {"receipt", TIME_FIELD},
	[TEXT_RECEIPT_REFERENCE] = {"receiptReference", "{{kenmerk}}"},
	[TEXT_RECEIPT_COPY] = {"receiptCopy", NULL},
	[TEXT_ANSWER_MORE] = {"answerMore", NULL},
	[TEXT_ANSWER_TOGETHER] = {"answerTogether", NULL},
	[TEXT_TERM] = {"term", "{{datum}}"},
};

static const struct built_in {
	const char *language, *text[N_TEXT_KINDS];
} built_in[] = {
	{"nl",
	 {"Een medewerker helpt u. Dat is nu. "
	  "Wilt u liever gebeld worden? Antwoord 1. Liever een afspraak aan de balie? Antwoord 2.",
	  "Een medewerker helpt u. Dat is voor " TIME_FIELD " uur. "
	  "Wilt u liever gebeld worden? Antwoord 1. Liever een afspraak aan de balie? Antwoord 2.",
	  "Er is nu geen medewerker. Wij bellen u. Dat is voor " TIME_FIELD " uur. "
	  "Liever een afspraak aan de balie? Antwoord 2. U mag hier ook verder schrijven.",
	  "Wij bellen u. Dat is voor " TIME_FIELD " uur.",
	  "Wij weten uw telefoonnummer niet. Wilt u het hier schrijven? "
	  "Een medewerker antwoordt voor " TIME_FIELD " uur.",
	  "Wij maken met u een afspraak aan de balie. U hoort van ons voor " TIME_FIELD " uur.",
	  "U bent de eerste in de rij.",
	  "Aantal bellers voor u: {{aantal}}.",
	  "Wachttijd in minuten: {{minuten}}, of korter.",
	  "Wilt u liever dat wij u terugbellen? Toets 1.",
	  "Wij zijn nu gesloten. Wij zijn er weer vanaf " TIME_FIELD " uur.",
	  "Er is nu niemand die u kan helpen. U kunt wachten.",
	  "Wij zien uw nummer niet en kunnen u niet terugbellen. U kunt later weer bellen.",
	  "Hulp van een medewerker",
	  "Kies",
	  "Antwoord met een cijfer.",
	  "Uw vraag is bij ons binnen. Er is nog geen medewerker mee bezig.",
	  "Een medewerker is met uw vraag bezig.",
	  "Wij bellen u over uw vraag.",
	  "Een andere afdeling van de gemeente zoekt uw vraag uit.",
	  "Wij hebben uw vraag beantwoord.",
	  "Wij hebben u verteld wie u verder kan helpen.",
	  "Deze vraag is niet voor de gemeente. Wij kunnen u hiermee niet helpen.",
	  "Wij wilden u antwoord geven, maar wij konden u niet bereiken.",
	  "Deze vraag is gesloten.",
	  "Wij willen u antwoord geven voor " TIME_FIELD " uur.",
	  "U hoort van ons. Dat is voor " TIME_FIELD " uur.",
	  "Het duurt langer dan wij wilden. Dat spijt ons. U hoort zo snel mogelijk van ons.",
	  "U hoeft niets te doen. Is uw vraag niet opgelost? Schrijf ons hier. Dan kijken wij er weer naar.",
	  "Wilt u nog antwoord? Schrijf ons hier hoe wij u kunnen bereiken.",
	  "Klopt dat niet? Bel ons of kom langs. Wat u hier schrijft, lezen wij niet.",
	  "Hoe hebben wij u geholpen? Vertel het ons. Het kost u 1 minuut: " LINK_FIELD,
	  "Welk cijfer geeft u ons, van 1 tot 10?",
	  "Was het snel genoeg? 1 is veel te langzaam, 5 is heel snel.",
	  "Voelde u zich geholpen? 1 is helemaal niet, 5 is heel goed.",
	  "Was het makkelijk voor u? 1 is heel moeilijk, 5 is heel makkelijk.",
	  "Was het in één keer opgelost?",
	  "Wilt u er nog iets over zeggen? Schrijf geen burgerservicenummer op.",
	  "Wij hebben uw bericht ontvangen. Dat was op " TIME_FIELD " uur.",
	  "Uw kenmerk is {{kenmerk}}. Bewaar dit goed.",
	  "Dit hebt u ons gestuurd:",
	  "Is uw vraag hiermee niet opgelost? Dan wacht u op ons antwoord. Lukt het niet op de computer of "
	  "telefoon? "
	  "Stuur 0. Dan helpt een medewerker u.",
	  "Wij doen dit graag samen met u. Stuur 0. Dan helpt een medewerker u.",
	  "Wij hebben meer tijd nodig. U krijgt antwoord uiterlijk op {{datum}}. De reden:"}},
	{"en",
	 {"A person will help you now. "
	  "Would you rather be called? Reply 1. Would you rather come to our desk? Reply 2.",
	  "A person will help you, before " TIME_FIELD ". "
	  "Would you rather be called? Reply 1. Would you rather come to our desk? Reply 2.",
	  "Nobody is here right now. We will call you, before " TIME_FIELD ". "
	  "Would you rather come to our desk? Reply 2. You can also go on writing here.",
	  "We will call you, before " TIME_FIELD ".",
	  "We do not know your telephone number. Please write it here. "
	  "A person will answer before " TIME_FIELD ".",
	  "We will make an appointment with you at our desk. You will hear from us before " TIME_FIELD ".",
	  "You are the first in line.",
	  "Callers before you: {{aantal}}.",
	  "Waiting time in minutes: {{minuten}}, or less.",
	  "Would you rather be called back? Press 1.",
	  "We are closed now. We are open again from " TIME_FIELD ".",
	  "There is nobody now who can help you. You can wait.",
	  "We cannot see your number, so we cannot call you back. You can call again later.",
	  "Help from a person",
	  "Choose",
	  "Reply with a number.",
	  "We have your question. Nobody is working on it yet.",
	  "A person is working on your question.",
	  "We will call you about your question.",
	  "Another department of the municipality is looking into your question.",
	  "We have answered your question.",
	  "We have told you who can help you further.",
	  "This question is not for the municipality. We cannot help you with it.",
	  "We wanted to answer you, but we could not reach you.",
	  "This question is closed.",
	  "We want to answer you before " TIME_FIELD ".",
	  "You will hear from us before " TIME_FIELD ".",
	  "This is taking longer than we wanted. We are sorry. You will hear from us as soon as possible.",
	  "You do not have to do anything. Is your question not solved? Write to us here. "
	  "Then we will look at it again.",
	  "Do you still want an answer? Write to us here how we can reach you.",
	  "Is that not right? Call us or visit us. We do not read what you write here.",
	  "How did we help you? Please tell us. It takes 1 minute: " LINK_FIELD,
	  "Which grade do you give us, from 1 to 10?",
	  "Was it fast enough? 1 is much too slow, 5 is very fast.",
	  "Did you feel helped? 1 is not at all, 5 is very well.",
	  "Was it easy for you? 1 is very hard, 5 is very easy.",
	  "Was it solved in one go?",
	  "Is there anything you want to add? Do not write your citizen service number.",
	  "We have received your message, on " TIME_FIELD ".",
	  "Your reference is {{kenmerk}}. Please keep it.",
	  "This is what you sent us:",
	  "Does this not solve it? You will hear from us. Is it difficult on the computer or telephone? "
	  "Send 0. Then a person will help you.",
	  "We are happy to do this together with you. Send 0. Then a person will help you.",
	  "We need more time. You will have our answer on {{datum}} at the latest. The reason:"}},
	{"pl",
	 {"Nasz pracownik pomoże teraz. "
	  "Wolisz rozmowę telefoniczną? Odpowiedz 1. Wolisz wizytę w urzędzie? Odpowiedz 2.",
	  "Nasz pracownik pomoże, najpóźniej: " TIME_FIELD ". "
	  "Wolisz rozmowę telefoniczną? Odpowiedz 1. Wolisz wizytę w urzędzie? Odpowiedz 2.",
	  "Teraz nie ma pracownika. Zadzwonimy, najpóźniej: " TIME_FIELD ". "
	  "Wolisz wizytę w urzędzie? Odpowiedz 2. Możesz też dalej pisać tutaj.",
	  "Zadzwonimy, najpóźniej: " TIME_FIELD ".",
	  "Nie znamy Twojego numeru telefonu. Napisz go tutaj. "
	  "Nasz pracownik odpowie, najpóźniej: " TIME_FIELD ".",
	  "Umówimy wizytę w urzędzie. Odezwiemy się, najpóźniej: " TIME_FIELD ".",
	  "Jesteś na początku kolejki.",
	  "Liczba osób przed tobą: {{aantal}}.",
	  "Czas oczekiwania w minutach: {{minuten}} lub krócej.",
	  "Wolisz, żebyśmy oddzwonili? Naciśnij 1.",
	  "Teraz jest zamknięte. Otwieramy: " TIME_FIELD ".",
	  "Teraz nie ma nikogo, kto może pomóc. Możesz poczekać.",
	  "Nie widzimy twojego numeru, więc nie możemy oddzwonić. Możesz zadzwonić później.",
	  "Pomoc pracownika",
	  "Wybierz",
	  "Odpowiedz cyfrą.",
	  "Twoje pytanie do nas dotarło. Nikt się nim jeszcze nie zajmuje.",
	  "Nasz pracownik zajmuje się twoim pytaniem.",
	  "Zadzwonimy w sprawie twojego pytania.",
	  "Twoim pytaniem zajmuje się inny wydział urzędu.",
	  "Odpowiedzieliśmy na twoje pytanie.",
	  "Powiedzieliśmy, kto może pomóc dalej.",
	  "To pytanie nie jest do urzędu gminy. Nie możemy w tym pomóc.",
	  "Chcieliśmy odpowiedzieć, ale nie mogliśmy się skontaktować.",
	  "To pytanie jest zamknięte.",
	  "Chcemy odpowiedzieć, najpóźniej: " TIME_FIELD ".",
	  "Odezwiemy się, najpóźniej: " TIME_FIELD ".",
	  "To trwa dłużej, niż chcieliśmy. Przepraszamy. Odezwiemy się jak najszybciej.",
	  "Nie musisz nic robić. Problem nie jest rozwiązany? Napisz do nas tutaj. Zajmiemy się tym "
	  "ponownie.",
	  "Nadal chcesz odpowiedzi? Napisz tutaj, jak możemy się skontaktować.",
	  "To się nie zgadza? Zadzwoń do nas lub przyjdź. Nie czytamy tego, co napiszesz tutaj.",
	  "Jak oceniasz naszą pomoc? Odpowiedź zajmie 1 minutę: " LINK_FIELD,
	  "Jaką ocenę nam dajesz, od 1 do 10?",
	  "Czy było wystarczająco szybko? 1 to o wiele za wolno, 5 to bardzo szybko.",
	  "Czy nasza pomoc była dobra? 1 to wcale nie, 5 to bardzo dobra.",
	  "Czy to było łatwe? 1 to bardzo trudne, 5 to bardzo łatwe.",
	  "Czy sprawa została rozwiązana za pierwszym razem?",
	  "Chcesz coś dodać? Nie podawaj numeru BSN.",
	  "Otrzymaliśmy Twoją wiadomość: " TIME_FIELD ".",
	  "Twój numer sprawy to {{kenmerk}}. Zachowaj go.",
	  "Oto co do nas wysłano:",
	  "Nie rozwiązuje to sprawy? Odpowiemy. Sprawia to trudność na komputerze lub telefonie? "
	  "Wyślij 0. Pomoże Ci pracownik.",
	  "Chętnie zrobimy to razem z Tobą. Wyślij 0. Pomoże Ci pracownik.",
	  "Potrzebujemy więcej czasu. Odpowiemy najpóźniej {{datum}}. Powód:"}},
	{"tr",
	 {"Bir çalışanımız size şimdi yardım edecek. "
	  "Sizi aramamızı mı istersiniz? 1 yazın. Belediyede randevu mu istersiniz? 2 yazın.",
	  "Bir çalışanımız size yardım edecek. En geç: " TIME_FIELD ". "
	  "Sizi aramamızı mı istersiniz? 1 yazın. Belediyede randevu mu istersiniz? 2 yazın.",
	  "Şu anda çalışanımız yok. Sizi arayacağız. En geç: " TIME_FIELD ". "
	  "Belediyede randevu mu istersiniz? 2 yazın. Buraya yazmaya da devam edebilirsiniz.",
	  "Sizi arayacağız. En geç: " TIME_FIELD ".",
	  "Telefon numaranızı bilmiyoruz. Lütfen buraya yazın. "
	  "Bir çalışanımız cevap verecek. En geç: " TIME_FIELD ".",
	  "Sizin için belediyede bir randevu ayarlayacağız. Size haber vereceğiz. En geç: " TIME_FIELD ".",
	  "Sırada ilk sizsiniz.",
	  "Sizden önce arayanların sayısı: {{aantal}}.",
	  "Dakika olarak bekleme süresi: {{minuten}} veya daha az.",
	  "Sizi geri aramamızı mı istersiniz? 1 tuşuna basın.",
	  "Şu anda kapalıyız. Yeniden açılış: " TIME_FIELD ".",
	  "Şu anda size yardım edebilecek kimse yok. Bekleyebilirsiniz.",
	  "Numaranızı göremiyoruz, bu yüzden sizi geri arayamıyoruz. Daha sonra tekrar arayabilirsiniz.",
	  "Çalışandan yardım",
	  "Seçin",
	  "Bir rakamla cevap verin.",
	  "Sorunuz bize ulaştı. Henüz kimse üzerinde çalışmıyor.",
	  "Bir çalışanımız sorunuzla ilgileniyor.",
	  "Sorunuz hakkında sizi arayacağız.",
	  "Sorunuzla belediyenin başka bir bölümü ilgileniyor.",
	  "Sorunuzu cevapladık.",
	  "Size kimin yardım edebileceğini söyledik.",
	  "Bu soru belediye için değil. Bu konuda size yardım edemiyoruz.",
	  "Size cevap vermek istedik ama size ulaşamadık.",
	  "Bu soru kapandı.",
	  "Size cevap vermek istiyoruz. En geç: " TIME_FIELD ".",
	  "Size haber vereceğiz. En geç: " TIME_FIELD ".",
	  "Bu istediğimizden uzun sürüyor. Özür dileriz. Size en kısa sürede haber vereceğiz.",
	  "Bir şey yapmanıza gerek yok. Sorununuz çözülmedi mi? Bize buradan yazın. Tekrar bakarız.",
	  "Hâlâ cevap istiyor musunuz? Size nasıl ulaşabileceğimizi buraya yazın.",
	  "Bu doğru değil mi? Bizi arayın veya gelin. Buraya yazdıklarınızı okumuyoruz.",
	  "Size nasıl yardım ettik? Bize anlatın. 1 dakika sürer: " LINK_FIELD,
	  "Bize 1 ile 10 arasında kaç puan verirsiniz?",
	  "Yeterince hızlı mıydı? 1 çok yavaş, 5 çok hızlı.",
	  "Size yardım edildiğini hissettiniz mi? 1 hiç, 5 çok iyi.",
	  "Sizin için kolay mıydı? 1 çok zor, 5 çok kolay.",
	  "Bir seferde çözüldü mü?",
	  "Eklemek istediğiniz bir şey var mı? BSN numaranızı yazmayın.",
	  "Mesajınızı aldık: " TIME_FIELD ".",
	  "Dosya numaranız {{kenmerk}}. Lütfen saklayın.",
	  "Bize gönderdiğiniz:",
	  "Bu sorununuzu çözmedi mi? Size yanıt vereceğiz. Bilgisayarda veya telefonda zorlanıyor musunuz? "
	  "0 gönderin. Bir görevli size yardım eder.",
	  "Bunu sizinle birlikte yapmak isteriz. 0 gönderin. Bir görevli size yardım eder.",
	  "Daha fazla zamana ihtiyacımız var. En geç {{datum}} tarihinde yanıt vereceğiz. Nedeni:"}},
	{"ar",
	 {"سيساعدك أحد موظفينا الآن. "
	  "هل تفضل أن نتصل بك؟ أجب بالرقم 1. هل تفضل موعدًا في مكتب البلدية؟ أجب بالرقم 2.",
	  "سيساعدك أحد موظفينا في موعد أقصاه: " TIME_FIELD ". "
	  "هل تفضل أن نتصل بك؟ أجب بالرقم 1. هل تفضل موعدًا في مكتب البلدية؟ أجب بالرقم 2.",
	  "لا يوجد موظف الآن. سنتصل بك في موعد أقصاه: " TIME_FIELD ". "
	  "هل تفضل موعدًا في مكتب البلدية؟ أجب بالرقم 2. يمكنك أيضًا متابعة الكتابة هنا.",
	  "سنتصل بك في موعد أقصاه: " TIME_FIELD ".",
	  "لا نعرف رقم هاتفك. اكتبه هنا من فضلك. "
	  "سيجيبك أحد موظفينا في موعد أقصاه: " TIME_FIELD ".",
	  "سنحدد معك موعدًا في مكتب البلدية. سنخبرك في موعد أقصاه: " TIME_FIELD ".",
	  "أنت الأول في قائمة الانتظار.",
	  "عدد المتصلين قبلك: {{aantal}}.",
	  "مدة الانتظار بالدقائق: {{minuten}} أو أقل.",
	  "هل تفضل أن نعاود الاتصال بك؟ اضغط 1.",
	  "نحن مغلقون الآن. نفتح من جديد: " TIME_FIELD ".",
	  "لا يوجد الآن من يستطيع مساعدتك. يمكنك الانتظار.",
	  "لا نرى رقمك، لذلك لا نستطيع معاودة الاتصال بك. يمكنك الاتصال لاحقًا.",
	  "مساعدة من موظف",
	  "اختر",
	  "أجب برقم.",
	  "وصلنا سؤالك. لم يبدأ أحد العمل عليه بعد.",
	  "أحد موظفينا يعمل على سؤالك.",
	  "سنتصل بك بخصوص سؤالك.",
	  "قسم آخر في البلدية يبحث في سؤالك.",
	  "لقد أجبنا عن سؤالك.",
	  "لقد أخبرناك بمن يمكنه مساعدتك.",
	  "هذا السؤال لا يخص البلدية. لا نستطيع مساعدتك فيه.",
	  "أردنا أن نجيبك، لكننا لم نستطع الوصول إليك.",
	  "هذا السؤال مغلق.",
	  "نريد أن نجيبك في موعد أقصاه: " TIME_FIELD ".",
	  "سنخبرك في موعد أقصاه: " TIME_FIELD ".",
	  "الأمر يستغرق وقتًا أطول مما أردنا. نعتذر. سنخبرك في أقرب وقت ممكن.",
	  "لا يلزمك فعل شيء. لم تُحل مشكلتك؟ اكتب لنا هنا وسننظر فيها من جديد.",
	  "هل ما زلت تريد جوابًا؟ اكتب لنا هنا كيف يمكننا الوصول إليك.",
	  "هل هذا غير صحيح؟ اتصل بنا أو زرنا. نحن لا نقرأ ما تكتبه هنا.",
	  "كيف ساعدناك؟ أخبرنا من فضلك، يستغرق ذلك دقيقة واحدة: " LINK_FIELD,
	  "ما الدرجة التي تعطينا إياها، من 1 إلى 10؟",
	  "هل كان الأمر سريعًا بما يكفي؟ 1 بطيء جدًا، 5 سريع جدًا.",
	  "هل شعرت بأننا ساعدناك؟ 1 أبدًا، 5 جيد جدًا.",
	  "هل كان الأمر سهلًا عليك؟ 1 صعب جدًا، 5 سهل جدًا.",
	  "هل حُل الأمر من المرة الأولى؟",
	  "هل تريد إضافة شيء؟ لا تكتب رقم BSN الخاص بك.",
	  "وصلتنا رسالتك في " TIME_FIELD ".",
	  "رقمك المرجعي هو {{kenmerk}}. احتفظ به.",
	  "هذا ما أرسلته إلينا:",
	  "ألم يحل هذا سؤالك؟ سنجيبك. هل يصعب عليك ذلك على الحاسوب أو الهاتف؟ "
	  "أرسل 0. سيساعدك موظف.",
	  "يسعدنا أن نقوم بذلك معك. أرسل 0. سيساعدك موظف.",
	  "نحتاج إلى مزيد من الوقت. سنجيبك في {{datum}} على الأكثر. السبب:"}},
	{"uk",
	 {"Працівник допоможе вам зараз. "
	  "Бажаєте, щоб вам зателефонували? Напишіть 1. Бажаєте прийти до муніципалітету? Напишіть 2.",
	  "Працівник допоможе вам, не пізніше: " TIME_FIELD ". "
	  "Бажаєте, щоб вам зателефонували? Напишіть 1. Бажаєте прийти до муніципалітету? Напишіть 2.",
	  "Зараз немає працівника. Ми зателефонуємо вам, не пізніше: " TIME_FIELD ". "
	  "Бажаєте прийти до муніципалітету? Напишіть 2. Можна також писати далі тут.",
	  "Ми зателефонуємо вам, не пізніше: " TIME_FIELD ".",
	  "Ми не знаємо вашого номера телефону. Напишіть його тут. "
	  "Працівник відповість, не пізніше: " TIME_FIELD ".",
	  "Ми домовимося з вами про зустріч у муніципалітеті. Ми повідомимо вас, не пізніше: " TIME_FIELD ".",
	  "Ви перші в черзі.",
	  "Кількість людей перед вами: {{aantal}}.",
	  "Час очікування у хвилинах: {{minuten}} або менше.",
	  "Бажаєте, щоб ми передзвонили? Натисніть 1.",
	  "Зараз зачинено. Відчиняємо: " TIME_FIELD ".",
	  "Зараз немає нікого, хто може вам допомогти. Ви можете зачекати.",
	  "Ми не бачимо вашого номера, тому не можемо передзвонити. Ви можете зателефонувати пізніше.",
	  "Допомога працівника",
	  "Вибрати",
	  "Напишіть цифру.",
	  "Ваше питання надійшло. Над ним ще ніхто не працює.",
	  "Працівник займається вашим питанням.",
	  "Ми зателефонуємо вам щодо вашого питання.",
	  "Вашим питанням займається інший відділ муніципалітету.",
	  "Ми відповіли на ваше питання.",
	  "Ми сказали вам, хто може допомогти далі.",
	  "Це питання не до муніципалітету. Ми не можемо вам із цим допомогти.",
	  "Ми хотіли відповісти, але не змогли з вами зв'язатися.",
	  "Це питання закрите.",
	  "Ми хочемо відповісти вам, не пізніше: " TIME_FIELD ".",
	  "Ми повідомимо вас, не пізніше: " TIME_FIELD ".",
	  "Це триває довше, ніж ми хотіли. Вибачте. Ми повідомимо вас якнайшвидше.",
	  "Вам нічого не треба робити. Питання не вирішене? Напишіть нам тут, і ми розглянемо його знову.",
	  "Вам ще потрібна відповідь? Напишіть тут, як з вами зв'язатися.",
	  "Це не так? Зателефонуйте нам або прийдіть. Те, що ви пишете тут, ми не читаємо.",
	  "Як ми вам допомогли? Розкажіть нам, це займе 1 хвилину: " LINK_FIELD,
	  "Яку оцінку ви нам ставите, від 1 до 10?",
	  "Чи було достатньо швидко? 1 - занадто повільно, 5 - дуже швидко.",
	  "Чи відчули ви, що вам допомогли? 1 - зовсім ні, 5 - дуже добре.",
	  "Чи було вам легко? 1 - дуже важко, 5 - дуже легко.",
	  "Чи вирішено питання з першого разу?",
	  "Бажаєте щось додати? Не пишіть свій номер BSN.",
	  "Ми отримали ваше повідомлення: " TIME_FIELD ".",
	  "Номер вашої справи: {{kenmerk}}. Збережіть його.",
	  "Ось що ви нам надіслали:",
	  "Це не вирішило питання? Ми відповімо. Важко зробити це на комп'ютері чи телефоні? "
	  "Надішліть 0. Вам допоможе працівник.",
	  "Ми радо зробимо це разом із вами. Надішліть 0. Вам допоможе працівник.",
	  "Нам потрібно більше часу. Ви отримаєте відповідь не пізніше {{datum}}. Причина:"}},
};

/* ------------------------------------------------------------------ what a municipality sets */

static const struct kind *kind_of(const char *name)
{
	for (int k = 0; k < N_TEXT_KINDS; k++)
		if (!strcmp(name, kinds[k].name))
			return &kinds[k];
	return NULL;
}

static bool is_field(const char *text, const struct article_place *p, const char *field)
{
	return field && p->len == strlen(field) && !strncmp(text + p->at, field, p->len);
}

/* why a text cannot be used; NULL: it can */
static const char *wrong(const char *name, const json_t *text)
{
	const char *s = json_string_value(text);
	const struct kind *kind = kind_of(name);
	struct article_place p = {0};
	int n = 0;

	if (!kind)
		return "no text of ours";
	if (!s || !*s || json_string_length(text) > TEXTS_MAX_BYTES)
		return "must be a text of 1 to 1000 bytes";
	for (size_t from = 0; article_next(s, from, &p); from = p.at + p.len) {
		if (!is_field(s, &p, kind->field))
			return "has a field that this text does not have";
		n++;
	}
	return n == (kind->field != NULL) ? NULL : "must have its field once, or none";
}

static bool is_language(const char *s)
{
	return strlen(s) == 2 && strspn(s, "abcdefghijklmnopqrstuvwxyz") == 2;
}

/* language and name: NULL for what is above it */
static void tell(struct bad_setting *problems, int max, int *n, const char *language, const char *name,
		 const char *why)
{
	if (*n < max) {
		snprintf(problems[*n].field, sizeof problems[*n].field, "%.14s%s%.14s",
			 language ? language : "", name ? "." : "", name ? name : "");
		problems[*n].why = why;
	}
	(*n)++;
}

int texts_check(const json_t *settings, struct bad_setting *problems, int max)
{
	json_t *texts = json_object_get(settings, "texts"), *of, *text;
	const char *language, *name, *why;
	int n = 0;

	if (texts && !json_is_object(texts))
		tell(problems, max, &n, NULL, NULL, "must be an object of languages");
	json_object_foreach(texts, language, of)
	{
		if (!is_language(language) || !json_is_object(of))
			tell(problems, max, &n, language, NULL,
			     "must be a language of two letters with an object");
		json_object_foreach(of, name, text) if ((why = wrong(name, text)))
			tell(problems, max, &n, language, name, why);
	}
	return n;
}

/* ------------------------------------------------------------------ saying it */

static const char *find(const json_t *settings, enum text_kind kind, const char *language)
{
	const json_t *own =
		json_object_get(json_object_get(json_object_get(settings, "texts"), language), kinds[kind].name);

	if (own && !wrong(kinds[kind].name, own))
		return json_string_value(own);
	for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++)
		if (!strcmp(built_in[i].language, language))
			return built_in[i].text[kind];
	return NULL;
}

const char *texts_say(struct arena *a, const json_t *settings, enum text_kind kind, const char *language,
		      const char *value)
{
	const char *text = language ? find(settings, kind, language) : NULL;
	struct article_place p;

	if (!text)
		text = find(settings, kind, "nl");
	if (!article_next(text, 0, &p))
		return arena_str(a, text);
	return arena_printf(a, "%.*s%s%s", (int)p.at, text, value, text + p.at + p.len);
}

bool texts_has(const json_t *settings, enum text_kind kind, const char *language)
{
	return find(settings, kind, language) != NULL;
}

const char *texts_date(struct arena *a, int64_t day)
{
	int64_t y;
	int m, d;

	when_date(day, &y, &m, &d);
	return arena_printf(a, "%02d-%02d-%04d", d, m, (int)y);
}

const char *texts_time(struct arena *a, int64_t us, int64_t now_us)
{
	int64_t day;
	int minute;

	day = hours_local_day(us + 60 * WHEN_SECOND_US - 1, &minute);
	if (day == hours_local_day(now_us, NULL))
		return arena_printf(a, "%02d:%02d", minute / 60, minute % 60);
	return arena_printf(a, "%s %02d:%02d", texts_date(a, day), minute / 60, minute % 60);
}

/* ------------------------------------------------------------------ what comes back */

/* a digit as people's keyboards have it: also Arabic-Indic and Persian */
static const struct {
	const char *digit, *preference;
} answers[] = {
	{"1", "callback"}, {"١", "callback"}, {"۱", "callback"},
	{"2", "counter"},  {"٢", "counter"},  {"۲", "counter"},
};

const char *texts_preference(const char *text)
{
	if (!text)
		return NULL;
	text += strspn(text, " \t\r\n\"'(");
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		size_t n = strlen(answers[i].digit);

		if (strncmp(text, answers[i].digit, n) != 0)
			continue;
		n += strspn(text + n, " \t\"').!");
		if (text[n] == '\0' || text[n] == '\r' ||
		    text[n] == '\n') /* below it a mail has what it answers */
			return answers[i].preference;
	}
	return NULL;
}
