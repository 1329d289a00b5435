<?php
/**
 * Telling the service, and what comes of its answers.
 *
 * @package Pef_Refunds
 */

use Pef_Refunds\Answer;
use Pef_Refunds\Deliveries;
use Pef_Refunds\Native_Way;
use Pef_Refunds\Refunding_Gateway;
use Pef_Refunds\Service;
use PHPUnit\Framework\TestCase;

final class TellingTest extends TestCase {

	protected function setUp(): void {
		World::begin();
	}

	private function answer( int $status, array $said = array() ): void {
		World::$answer = array(
			'status' => $status,
			'body'   => json_encode( $said ),
		);
	}

	/** A call carries its time, is signed over the very bytes sent, and names this store. */
	public function test_signed_call(): void {
		$this->answer( 200, array( 'outcome' => 'accepted' ) );
		World::refund( World::order( 3 ), 4, '10.00' );
		Deliveries::deliver_refund( 3, 4 );
		$sent = World::$sent[0];
		$this->assertSame( 'https://pef.example/plugin/woocommerce/tienda/refunds', $sent['url'] );
		$this->assertSame( base64_encode( hash_hmac( 'sha256', $sent['body'], 'secret', true ) ), $sent['headers']['X-WC-Webhook-Signature'] );
		$this->assertSame( 'https://tienda.example/', $sent['headers']['X-WC-Webhook-Source'] );
		$said = json_decode( $sent['body'], true );
		$this->assertSame( array( 3, 4 ), array( $said['order_id'], $said['refund_id'] ) );
		$this->assertEqualsWithDelta( time(), $said['at'], 5 );
		$this->assertSame( 0, $sent['redirection'] );
	}

	/** No request of the store waits longer than two seconds, however many refunds it makes. */
	public function test_patience_is_for_the_whole_request(): void {
		$waited = new ReflectionProperty( Service::class, 'waited' );
		$waited->setAccessible( true );
		$this->answer( 200 );
		Service::tell( 'refunds', array() );
		$this->assertEqualsWithDelta( 2.0, World::$sent[0]['timeout'], 0.01 );
		$waited->setValue( null, 1.5 );
		Service::tell( 'refunds', array() );
		$this->assertEqualsWithDelta( 0.5, World::$sent[1]['timeout'], 0.01 );
		$waited->setValue( null, 1.9 );
		$this->assertFalse( Service::tell( 'refunds', array() )->is_good() );
		$this->assertCount( 2, World::$sent );
	}

	/** What the service did not hear is queued, and marked on the refund until it did. */
	public function test_unheard_refund_is_queued(): void {
		World::$answer = new WP_Error( 'http', 'timed out' );
		$refund        = World::refund( World::order( 3 ), 4, '10.00' );
		Deliveries::deliver_refund( 3, 4 );
		$this->assertSame( 'waiting', $refund->get_meta( Deliveries::TOLD ) );
		$this->assertSame( array( 'refunds', 3, 4, 1 ), World::$jobs[0]['args'] );
		$this->answer( 200, array( 'state' => 'held', 'sentence' => 'Why <b>held</b>.' ) );
		Deliveries::again( 'refunds', 3, 4, 1 );
		$this->assertSame( 'told', $refund->get_meta( Deliveries::TOLD ) );
		$this->assertSame( 'held', $refund->get_meta( Deliveries::ANSWERED ) );
		$this->assertSame( 'Why held.', $refund->get_meta( Deliveries::SENTENCE ) );
		$this->assertCount( 1, World::$jobs );
	}

	/** The pauses grow to an hour, and the attempts end after about three days. */
	public function test_pauses(): void {
		$total = 0;
		$last  = 0;
		for ( $failed = 1; null !== Deliveries::pause( $failed ); ++$failed ) {
			$this->assertGreaterThanOrEqual( $last, Deliveries::pause( $failed ) );
			$last   = Deliveries::pause( $failed );
			$total += $last;
		}
		$this->assertSame( 3600, $last );
		$this->assertEqualsWithDelta( 3.0, $total / 86400, 0.2 );
	}

	/** A refund that was deleted while it waited is not told any more. */
	public function test_deleted_refund_is_not_told(): void {
		Deliveries::again( 'refunds', 3, 99, 1 );
		$this->assertSame( array(), World::$sent );
	}

	/** Only a no of the service itself counts as a no; too busy or no answer does not. */
	public function test_refusal(): void {
		$this->assertTrue( ( new Answer( 401, array() ) )->is_refusal() );
		foreach ( array( 0, 200, 408, 429, 500, 503 ) as $status ) {
			$this->assertFalse( ( new Answer( $status, array() ) )->is_refusal(), (string) $status );
		}
	}

	/** In the native way a refusal becomes the sentence that the refund form shows. */
	public function test_native_refusal(): void {
		$this->making();
		$this->answer( 200, array( 'outcome' => 'refused', 'sentence' => 'Too late.' ) );
		$result = Native_Way::ask( 3 );
		$this->assertInstanceOf( WP_Error::class, $result );
		$this->assertStringContainsString( 'Too late.', $result->get_error_message() );
	}

	/** In the native way accepted, held and undecided refunds stay, and so does one nobody answered. */
	public function test_native_acceptance(): void {
		$refund = $this->making();
		foreach ( array( 'accepted', 'held', 'later' ) as $outcome ) {
			$this->answer( 200, array( 'outcome' => $outcome ) );
			$this->assertTrue( Native_Way::ask( 3 ), $outcome );
		}
		World::$answer = new WP_Error( 'http', 'timed out' );
		$this->assertTrue( Native_Way::ask( 3 ) );
		$this->assertSame( 'waiting', $refund->get_meta( Deliveries::TOLD ) );
	}

	/** A refund of ours never says that the gateway has paid it. */
	public function test_native_refund_is_not_paid_by_the_gateway(): void {
		$refund = $this->making();
		$refund->set_refunded_payment( true );
		Native_Way::keep_honest( $refund );
		$this->assertFalse( $refund->get_refunded_payment() );
		$other = World::refund( World::$orders[3], 5, '1.00' );
		$other->set_refunded_payment( true );
		Native_Way::keep_honest( $other );
		$this->assertTrue( $other->get_refunded_payment() );
	}

	/** "Refund via" is offered only in the native way and for the chosen methods. */
	public function test_native_offer(): void {
		$gateway     = new WC_Payment_Gateway();
		$gateway->id = 'pagoefectivo';
		$this->assertFalse( Native_Way::offer( false, 'refunds', $gateway ) );
		World::set( 'way', 'native' );
		$this->assertTrue( Native_Way::offer( false, 'refunds', $gateway ) );
		$this->assertFalse( Native_Way::offer( false, 'subscriptions', $gateway ) );
		$gateway->id = 'card';
		$this->assertFalse( Native_Way::offer( false, 'refunds', $gateway ) );
	}

	/** The stand-in gateway supports refunds and what the gateway itself supports. */
	public function test_stand_in(): void {
		$gateway     = new WC_Payment_Gateway();
		$gateway->id = 'pagoefectivo';
		$stand_in    = new Refunding_Gateway( $gateway );
		$this->assertSame( array( 'products', 'refunds' ), $stand_in->supports );
		$this->assertSame( array( 'products' ), $stand_in->inner()->supports );
	}

	private function making(): WC_Order_Refund {
		$refund = World::refund( World::order( 3 ), 4, '10.00' );
		$making = new ReflectionProperty( Native_Way::class, 'making' );
		$making->setAccessible( true );
		$making->setValue( null, $refund );
		return $refund;
	}
}
